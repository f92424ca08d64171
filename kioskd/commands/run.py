"""`kioskd run`: the daemon, until SIGTERM or SIGINT."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kioskd import libraries, log
from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.commands.extras import extra
from kioskd.config.load import Config
from kioskd.daemon import STOP_S, TURN_S, Daemon
from kioskd.delivery.database import AuditError
from kioskd.delivery.embedded_broker import EmbeddedError
from kioskd.shutdown import Signals, within
from kioskd.state_dir import StateDirError, WrongStateDirError
from models.network_file import NetworkError


def run(path: Path) -> int:
    """Run until a signal ends it.

    Exit status 0 then, 2 where starting again would not mend what is wrong, else 1.
    """
    signals = Signals()
    config = configuration(path)
    log.configure(config.log_level, config.log_format)
    for note in (*config.notes, *libraries.clashes()):
        log.logger().warning(note)
    status = _run(config, path.absolute(), signals)
    log.let_go()
    return status


@contextmanager
def _libraries(config: Config) -> Iterator[None]:
    """Around what needs libraries that a plain door does without."""
    with ExitStack() as extras:
        if config.sessions is not None:
            extras.enter_context(extra("sessions"))
        elif config.page is not None:
            extras.enter_context(extra("page"))
        if config.metrics is not None:
            extras.enter_context(extra("metrics", "prometheus_client"))
        yield


def _run(config: Config, path: Path, signals: Signals) -> int:
    try:
        with _libraries(config):
            daemon = Daemon(config, path)
        daemon.start()
    except NetworkError as error:
        log.logger().error(f"not started: {error}")
        _post(config, str(error))
        return WRONG
    except WrongStateDirError as error:
        log.logger().error(f"not started: {error}")
        return WRONG
    except (StateDirError, AuditError, EmbeddedError, OSError) as error:
        log.logger().error(f"not started: {error}")
        return FAILED
    well = True
    while well and not signals.wait(TURN_S):
        well = daemon.tend()
        if signals.take_hang_up():
            daemon.ask_to_reload()
    with within(STOP_S):
        daemon.stop()
    return OK if well else FAILED


def _post(config: Config, sentence: str) -> None:
    """Nobody starts it again, so whoever hears of alarms is told."""
    if config.alarms is not None:
        # Imported here: a kiosk that signs nothing does without the library for it.
        from kioskd.alarms.last_word import not_started

        if untold := not_started(config, sentence):
            log.logger().error(untold)
