"""The project's only door to ONNX Runtime: network files in, arrays through, provider known.

One session per network file serves all feeds: `run` may be called from any thread, and lets
other threads work meanwhile.
"""

import ctypes
import threading
from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, cast

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import build_and_package_info

from feeds.installation import to_add
from models.batching import Batching
from models.manifest import Manifest, shipped
from models.network_file import NetworkError, NetworkFile, Role, Shape, verified

Provider = Literal["auto", "cpu", "cuda"]
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Use:
    """How often a network ran, and how long that took in all."""

    calls: int
    seconds: float


class Network:
    """One network, loaded and checked. Thread-safe."""

    def __init__(self, file: NetworkFile, *, cuda: bool, threads: int) -> None:
        """Raises NetworkError: file absent or not the vouched-for one, or wrong input."""
        self.name = file.name
        self.input = file.input
        self._session = _session(file, cuda, threads)
        self._input = _checked_input(file, self._session)
        batches = self.provider == "cuda" and isinstance(file.input[0], str)
        self._run = Batching(self._run_session) if batches else self._run_session
        self._lock = threading.Lock()
        self._calls = 0
        self._seconds = 0.0

    @property
    def provider(self) -> str:
        """Where it truly runs: "cuda" or "cpu"."""
        got = self._session.get_providers()
        return "cuda" if "CUDAExecutionProvider" in got else "cpu"

    @property
    def use(self) -> Use:
        with self._lock:
            return Use(self._calls, self._seconds)

    def run(self, array: Array) -> list[Array]:
        """The outputs for one input, in the file's own order; raises NetworkError."""
        start = perf_counter()
        try:
            outputs = self._run(array)
        except Exception as error:  # onnxruntime raises no narrower type in common
            raise NetworkError(f"network {self.name} failed on a frame: {error}") from error
        seconds = perf_counter() - start
        with self._lock:
            self._calls += 1
            self._seconds += seconds
        return outputs

    def _run_session(self, array: Array) -> list[Array]:
        return cast(list[Array], self._session.run(None, {self._input: array}))


class Networks:
    """The networks that are needed, by role. Roles that share a file share its session.

    Thread-safe; more can be added at any time, and what was there stays as it is.
    """

    def __init__(self, manifest: Manifest, provider: Provider, threads: int) -> None:
        """None loaded yet. Raises NetworkError where CUDA is demanded and cannot work."""
        self.manifest = manifest
        self._wanted = provider
        self._cuda = _ask_for_cuda(provider)
        self._threads = threads
        self._adding = threading.Lock()
        self._by_role: Mapping[Role, Network] = {}  # both are replaced whole
        self._by_name: Mapping[str, Network] = {}  # those that the site added

    @classmethod
    def load(
        cls,
        needs: Collection[Role],
        provider: Provider = "auto",
        threads: int = 1,
        manifest: Manifest | None = None,
    ) -> "Networks":
        """Loads what serves `needs` and what the site added to that; raises NetworkError.

        "auto" takes CUDA where it works, "cuda" refuses where it does not. `threads` is the
        number one network may use at a time; more feeds gain more from 1.
        """
        networks = cls(manifest or shipped(), provider, threads)
        networks.add(needs)
        return networks

    def add(
        self, needs: Collection[Role], check: "Callable[[Networks], object] | None" = None
    ) -> None:
        """Loads what of `needs` is not loaded, verified as at the start.

        `check` is shown all that would be loaded then, and may raise NetworkError too. With a
        NetworkError nothing is added.
        """
        with self._adding:
            if all(role in self for role in needs):
                return
            more = copy(self)
            more._fill({*self.roles, *needs})
            if check is not None:
                check(more)
            self._by_role, self._by_name = more._by_role, more._by_name

    def _fill(self, needs: Collection[Role]) -> None:
        ours, theirs = {network.name: network for network in self.ours()}, dict(self._by_name)
        by_role = {role: self._loaded(self.manifest.file(role), ours) for role in sorted(needs)}
        for added in self.manifest.added_to(needs):
            self._loaded(added.file, theirs)
        self._by_role, self._by_name = by_role, theirs

    def _loaded(self, file: NetworkFile, loaded: dict[str, Network]) -> Network:
        """The network of a file, which is put among the loaded ones if it is not there."""
        if file.name not in loaded:
            loaded[file.name] = Network(file, cuda=self._cuda, threads=self._threads)
        if self._wanted == "cuda" and loaded[file.name].provider != "cuda":
            raise NetworkError(f"CUDA was asked for but {file.path.name} runs on the CPU")
        return loaded[file.name]

    def __contains__(self, role: Role) -> bool:
        return role in self._by_role

    def __getitem__(self, role: Role) -> Network:
        """The network in a role; raises NetworkError where it was not loaded."""
        if role not in self._by_role:
            raise NetworkError(f"the network for the {role} model was not loaded")
        return self._by_role[role]

    def added(self, name: str) -> Network:
        """A network that the site added; raises NetworkError where it was not loaded."""
        if name not in self._by_name:
            raise NetworkError(f"the added network {name} was not loaded")
        return self._by_name[name]

    @property
    def roles(self) -> Collection[Role]:
        """The roles that are served."""
        return self._by_role.keys()

    def ours(self) -> tuple[Network, ...]:
        """Every loaded network that ships, once."""
        return tuple({network.name: network for network in self._by_role.values()}.values())

    def all(self) -> tuple[Network, ...]:
        """Every loaded network, once: ours, and what the site added."""
        return (*self.ours(), *self._by_name.values())

    @property
    def files(self) -> tuple[NetworkFile, ...]:
        """The file of each loaded network, as its manifest vouches for it."""
        ours = {self.manifest.file(role).name: self.manifest.file(role) for role in self.roles}
        added = (each.file for each in self.manifest.added if each.file.name in self._by_name)
        return (*ours.values(), *added)

    @property
    def provider(self) -> str:
        """Where the networks truly run, for the log: "cpu", "cuda", or "cuda, cpu"."""
        return ", ".join(sorted({network.provider for network in self.all()}, reverse=True))

    def uses(self) -> Mapping[str, Use]:
        """By network name: calls and bare time so far."""
        return {network.name: network.use for network in self.all()}


def _ask_for_cuda(provider: Provider) -> bool:
    """Whether to ask ONNX Runtime for CUDA: only where it can work, asking in vain is loud."""
    obstacle = None if provider == "cpu" else cuda_obstacle()
    if provider == "cuda" and obstacle is not None:
        raise NetworkError(f"CUDA was asked for but {obstacle}; set the provider to auto or cpu")
    return provider != "cpu" and obstacle is None


def cuda_obstacle() -> str | None:
    """Why CUDA cannot work on this machine, as half a sentence; None if it should work."""
    if "CUDAExecutionProvider" not in ort.get_available_providers():
        return f"this ONNX Runtime was built without it ({to_add('gpu')})"
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "there is no NVIDIA driver (libcuda.so.1)"
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or not count:
        return "the NVIDIA driver reports no usable GPU"
    return _missing_library()


def _missing_library() -> str | None:
    ort.preload_dlls()  # finds the libraries of the extra `gpu`, as well as the system's
    major = str(build_and_package_info.cuda_version).split(".")[0]
    for library in (f"libcublasLt.so.{major}", f"libcudart.so.{major}", "libcudnn.so.9"):
        try:
            ctypes.CDLL(library)
        except OSError:
            return f"{library} is missing ({to_add('gpu')})"
    return None


def _session(file: NetworkFile, cuda: bool, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # A waiting thread that spins costs half a core for a network of this size, and gains nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; what they mean for the operator is raised below
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"][not cuda :]
    content = verified(file)
    try:
        return ort.InferenceSession(content, options, providers)
    except Exception as error:  # onnxruntime raises no narrower type in common
        raise NetworkError(f"network file {file.path} cannot be loaded: {error}") from error


def _checked_input(file: NetworkFile, session: ort.InferenceSession) -> str:
    """The name of the one input, once its shape is what the manifest says."""
    inputs = session.get_inputs()
    shapes: list[Shape] = [tuple(given.shape) for given in inputs]
    if len(inputs) != 1 or not _fits(shapes[0], file.input):
        raise NetworkError(
            f"network file {file.path} takes {shapes}, but {file.listed_in} says {file.input}"
        )
    return cast(str, inputs[0].name)


def _fits(found: Shape, said: Shape) -> bool:
    """Whether a shape is the one that was said; a size that is open takes any that was said."""
    return len(found) == len(said) and all(
        size == wanted or (not isinstance(size, int) and isinstance(wanted, int))
        for size, wanted in zip(found, said, strict=True)
    )
