// The aiming page: shows what the door's events say, and asks "what if". It changes nothing.
import { loadWords, word, knows, figure } from '/static/words.js';

const $ = (id) => document.getElementById(id);
const GROUPED = ['colour', 'blocks', 'clumping', 'flatness', 'redness', 'discord'];
const COLOURS = { together: '#111', hybrid: '#0b6bcb', context: '#b35900', texture: '#7a2fa0' };
const DARK = { together: '#f4f4f4', hybrid: '#6db7ff', context: '#ffb057', texture: '#d29bff' };
const EVIDENCE = ['background', 'company', 'planar', 'edges', 'grid', 'bands'];

let door = decodeURIComponent(location.pathname.split('/')[2] || '');
let words = {};
let look = null;
let state = null;
let events = null;
let keys = [];
const picture = new Image();
let shown = null; // the look whose picture is drawn

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function start() {
  words = await loadWords();
  const kiosk = await (await fetch('/api/kiosk')).json();
  if (!kiosk.doors.includes(door)) door = kiosk.doors[0];
  nameDoors(kiosk);
  await offerLanguages();
  $('summary').textContent = word('page.connecting');
  connect();
  await offerKeys();
}

function nameDoors(kiosk) {
  $('where').textContent = `${kiosk.site} / ${kiosk.device}`;
  document.title = `${door} – ${word('page.title')}`;
  $('doors').replaceChildren(...kiosk.doors.map((name) => {
    const link = element('a', name);
    link.href = `/door/${encodeURIComponent(name)}`;
    if (name === door) link.setAttribute('aria-current', 'page');
    return link;
  }));
  const screen = element('a', word('page.screen'), 'quiet');
  screen.href = `/screen/${encodeURIComponent(door)}`;
  $('doors').append(screen);
  if (kiosk.enrols) {
    const people = element('a', word('page.enrolled'), 'quiet');
    people.href = '/people';
    $('doors').append(people);
  }
  $('logout').hidden = !kiosk.needsToken;
}

async function offerLanguages() {
  const languages = words.languages;
  $('language').replaceChildren(...Object.entries(languages).map(([code, name]) => {
    const option = element('option', name);
    option.value = code;
    option.selected = code === words.code;
    return option;
  }));
  $('language').onchange = async () => {
    words = await loadWords($('language').value);
    if (state) nameDoors(state.kiosk);
    redraw();
    drawKeys();
  };
}

// What comes

function connect() {
  events = new EventSource(`/api/doors/${encodeURIComponent(door)}/live`);
  events.addEventListener('look', (event) => {
    look = JSON.parse(event.data);
    if (look.picture) picture.src = look.picture;
    for (const eye of ['depth', 'infrared']) if (look[eye]) $(eye).src = look[eye];
    $('eyes').hidden = !look.depth && !look.infrared;
    drawChecks();
    drawPhase();
  });
  events.addEventListener('state', (event) => {
    state = JSON.parse(event.data);
    drawState();
  });
  events.onopen = () => { $('trouble').hidden = true; };
  events.onerror = lost;
}

async function lost() {
  events.close();
  let why = word('page.lost');
  try {
    const answer = await fetch('/api/kiosk');
    if (answer.status === 401) { location.href = '/login'; return; }
    const full = answer.ok && (await fetch(`/api/doors/${encodeURIComponent(door)}`)).ok;
    if (full && state === null) why = word('page.full');
  } catch { /* it is not there: what stands in `why` says so */ }
  $('trouble').textContent = why;
  $('trouble').hidden = false;
  setTimeout(connect, 2000);
}

picture.onload = () => { shown = look; drawView(); };

// The picture

function drawView() {
  const canvas = $('view');
  if (!shown) return;
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  const scale = canvas.width / shown.size[0];
  pen.lineWidth = Math.max(2, canvas.width / 240);
  pen.font = `bold ${letters(canvas)}px system-ui, sans-serif`;
  if ($('draw-room').checked && shown.room) {
    pen.setLineDash([8, 6]);
    outlined(pen, shown.room, scale, '#ffd43b');
    pen.setLineDash([]);
  }
  if ($('draw-mesh').checked && shown.mesh) drawMesh(pen, shown.mesh, scale);
  if ($('draw-box').checked) for (const face of shown.faces) drawFace(pen, face, scale);
}

const letters = (canvas) => Math.max(13, Math.round(canvas.width / 36));

function outlined(pen, [x1, y1, x2, y2], scale, colour) {
  const box = [x1 * scale, y1 * scale, (x2 - x1) * scale, (y2 - y1) * scale];
  const width = pen.lineWidth;
  pen.strokeStyle = '#000';
  pen.lineWidth = width + 2;
  pen.strokeRect(...box);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.strokeRect(...box);
}

function drawFace(pen, face, scale) {
  const ours = face.track === shown.track;
  const fits = ours && !shown.checks.some((check) => check.reason && !check.passed);
  const colour = ours ? (fits ? '#51cf66' : '#ff6b6b') : '#ced4da';
  outlined(pen, face.box, scale, colour);
  const text = word('page.track', { id: face.track });
  const [x, y] = [face.box[0] * scale, face.box[1] * scale];
  const wide = pen.measureText(text).width + 12;
  const high = letters(pen.canvas) + 8;
  const top = y > high ? y - high : y;
  pen.fillStyle = colour;
  pen.fillRect(x, top, wide, high);
  pen.fillStyle = '#000';
  pen.fillText(text, x + 6, top + high - 7);
  if (ours && shown.pose) drawPose(pen, face.box, shown.pose, scale);
}

// Where the nose points: yaw to the person's own left is the picture's right.
function drawPose(pen, box, [yaw, pitch], scale) {
  const [x, y] = [((box[0] + box[2]) / 2) * scale, ((box[1] + box[3]) / 2) * scale];
  const length = ((box[2] - box[0]) / 2) * scale;
  const radians = Math.PI / 180;
  const [dx, dy] = [Math.sin(yaw * radians) * length, -Math.sin(pitch * radians) * length];
  pen.strokeStyle = '#fff';
  pen.beginPath();
  pen.moveTo(x, y);
  pen.lineTo(x + dx, y + dy);
  pen.stroke();
  pen.beginPath();
  pen.arc(x + dx, y + dy, pen.lineWidth * 1.6, 0, 7);
  pen.fillStyle = '#fff';
  pen.fill();
}

function drawMesh(pen, mesh, scale) {
  pen.fillStyle = '#74c0fc';
  const size = Math.max(1, pen.lineWidth / 2);
  for (let i = 0; i < mesh.length; i += 2) pen.fillRect(mesh[i] * scale, mesh[i + 1] * scale, size, size);
}

// The checklist

function drawChecks() {
  const facts = [word('page.age', { ms: look.ageMs })];
  if (state) facts.push(word('page.judge', { ms: figure(state.judgeMs) }));
  if (look.track !== undefined) facts.push(word('page.track', { id: look.track }));
  if (look.pose) {
    const [yaw, pitch, roll] = look.pose.map((angle) => Math.round(angle));
    facts.push(word('page.pose', { yaw, pitch, roll }));
  }
  $('facts').textContent = facts.join(' · ');
  const lines = grouped(look.checks).map(line);
  for (const name of EVIDENCE) {
    if (look.evidence?.[name] > 0) lines.push(evidence(name, look.evidence[name]));
  }
  $('checks').replaceChildren(...lines);
  summarise();
}

// The six checks of the picture as a whole are one line while nothing is wrong with them.
function grouped(checks) {
  const of = checks.filter((check) => GROUPED.includes(check.key));
  if (of.length === 0 || of.some((check) => !check.passed)) return checks;
  const rest = checks.filter((check) => !GROUPED.includes(check.key));
  const where = checks.findIndex((check) => GROUPED.includes(check.key));
  rest.splice(Math.min(where, rest.length), 0, { key: 'picture', passed: true, value: null, limit: null, decided: of[0].decided });
  return rest;
}

function line(check) {
  const asks = check.reason !== null || check.key === 'picture';
  const made = element('li', undefined, check.passed ? 'good' : asks ? 'bad' : 'note');
  made.dataset.key = check.key;
  const mark = element('span', check.passed ? '✓' : '✗', 'mark');
  mark.setAttribute('aria-label', word(check.passed ? 'page.passed' : 'page.failed'));
  made.append(mark, element('span', nameOf(check.key)), valueOf(check));
  if (check.value !== null && check.limit !== null) made.append(bar(check));
  if (!check.passed) made.append(element('span', advice(check), 'mend'));
  made.title = word(check.decided ? 'page.decided' : 'page.not_decided');
  return made;
}

const nameOf = (key) => (knows(`checks.${key}.name`) ? word(`checks.${key}.name`) : key);

function valueOf(check) {
  const made = element('span', undefined, 'figure');
  if (check.limit === null) return made;
  made.append(element('span', figure(check.value, check.unit)));
  const limit = figure(check.limit, check.unit);
  made.append(element('span', word(`page.${check.bound}`, { limit }), 'limit'));
  return made;
}

// As far as the value has come, with a stroke at the limit: all limits of a kind stand in one line.
function bar(check) {
  const made = element('div', undefined, 'bar');
  const at = check.bound === 'least' ? 40 : 75;
  const part = check.limit === 0 ? at + 40 * check.value : (at * check.value) / check.limit;
  const [fill, stroke] = [element('i'), element('b')];
  fill.style.width = `${Math.max(0, Math.min(100, part))}%`;
  stroke.style.left = `${at}%`;
  made.append(fill, stroke);
  made.setAttribute('aria-hidden', 'true');
  return made;
}

// What to do, and by how much: "Move the camera back: 20 % more room below the face".
function advice(check) {
  const own = word(`checks.${check.key}.${check.bound === 'least' ? 'less' : 'more'}`);
  const does = own === 'less' || own === 'more' ? word(`reasons.${check.reason}`) : own;
  if (check.value === null) return does;
  const missing = Math.abs(check.limit - check.value);
  const shares = ['face widths', 'face heights'].includes(check.unit);
  if (check.reason === null) return does;
  const amount = shares ? `${Math.ceil(100 * missing)} %` : figure(missing, check.unit);
  const how = word(check.bound === 'least' ? 'page.need_more' : 'page.need_less', { missing: amount });
  return `${does}: ${how}`;
}

function evidence(name, share) {
  const made = element('li', undefined, 'note');
  made.dataset.key = name;
  made.append(element('span', '!', 'mark'), element('span', word(`evidence.${name}.name`)),
    element('span', `${Math.round(100 * share)} %`, 'figure'),
    element('span', word(`evidence.${name}.more`), 'mend'));
  return made;
}

function summarise() {
  const wrong = look.checks.filter((check) => check.reason && !check.passed);
  let text = word('page.all_fit');
  if (look.faces.length === 0) text = word('page.nobody');
  else if (look.reasons.length > 0 && wrong.length === 0) text = word(`reasons.${look.reasons[0]}`);
  else if (wrong.length > 0) text = `${word('page.n_fail', { n: wrong.length })}: ${advice(wrong[0])}`;
  else if (look.checks.length === 0) text = word('page.not_asked');
  const summary = $('summary');
  const fits = wrong.length === 0 && look.checks.length > 0 && look.reasons.length === 0;
  summary.className = `summary ${wrong.length > 0 ? 'bad' : fits ? 'good' : ''}`;
  if (summary.textContent !== text) summary.textContent = text;
}

function drawPhase() {
  const made = [element('strong', knows(`modes.${look.phase}`) ? word(`modes.${look.phase}`) : look.phase)];
  if (look.prompt) made.push(element('p', `„${word(`prompts.${look.prompt}`)}“`));
  if (look.progress) {
    const { done, of, what } = look.progress;
    const progress = element('progress');
    progress.max = of;
    progress.value = done;
    made.push(progress, element('p', word(`page.progress_${what}`, { done, of })));
  }
  const code = element('p');
  code.append(element('code', look.phase));
  made.splice(1, 0, code);
  for (const reason of look.reasons) made.push(element('p', word(`reasons.${reason}`)));
  $('phase').replaceChildren(...made);
}

// What changes slowly

function drawState() {
  const { kiosk } = state;
  const well = state.enabled && state.state?.phase === 'online';
  $('problems').hidden = kiosk.problems.length === 0 && well;
  const told = kiosk.problems.map((problem) => element('li', problem.detail));
  if (state.state && state.state.phase !== 'online') {
    const phase = word(`phases.${state.state.phase}`);
    told.unshift(element('li', `${word('page.feed')} ${state.feed}: ${phase}. ${state.state.detail}`));
  }
  if (!state.enabled) told.unshift(element('li', word('reasons.disabled')));
  if (state.watchFailure) told.push(element('li', state.watchFailure));
  $('problems').replaceChildren(...told);
  drawPlot();
  $('attempts').replaceChildren(...listed(state.attempts));
  const hour = Object.entries(state.hour).map(([reason, times]) => {
    const made = element('li');
    made.append(element('b', `${times}×`), element('span', word(`reasons.${reason}`)));
    return made;
  });
  $('hour').replaceChildren(...(hour.length ? hour : [element('li', word('page.none_yet'))]));
  drawHealth(kiosk);
}

function listed(attempts) {
  if (attempts.length === 0) return [element('li', word('page.none_yet'))];
  return attempts.map((one) => {
    const made = element('li', undefined, one.verdict);
    const head = element('span', word(`verdicts.${one.verdict}`), 'verdict');
    const shown = Object.entries(one.scores).filter(([name, value]) => !name.endsWith('_against') || value > 0);
    const scores = shown.map(([name, value]) => `${name} ${figure(value)}`);
    const facts = [ago(one.ago), word('page.frames', { n: one.frames }), word('page.took', { n: figure(one.tookS) }),
      word('page.track', { id: one.track }), ...one.challenges, ...scores];
    made.append(head, ` ${facts.join(' · ')}`);
    if (knows(`outcomes.${one.outcome}`)) made.append(` · ${word(`outcomes.${one.outcome}`)}`);
    for (const reason of one.reasons.slice(0, 2)) made.append(element('small', why(one, reason)));
    return made;
  });
}

// The reason with the figures that it rests on.
function why(one, reason) {
  const found = one.measured.find((each) => each.reason === reason);
  const sentence = word(`reasons.${reason}`);
  if (!found || found.low === null) return sentence;
  const [low, high] = [figure(found.low), figure(found.high)];
  const values = low === high ? low : `${low} – ${high}`;
  return `${sentence} (${values}, ${word(`page.${found.bound}`, { limit: figure(found.limit, found.unit) })})`;
}

function ago(seconds) {
  if (seconds < 2) return word('page.now');
  if (seconds < 90) return word('page.seconds', { n: Math.round(seconds) });
  return word('page.minutes', { n: Math.round(seconds / 60) });
}

function drawHealth(kiosk) {
  const off = Math.round((Date.now() - kiosk.clock) / 1000);
  const rows = [
    [word('page.feed'), `${state.feed}: ${word(`phases.${state.state?.phase ?? 'starting'}`)}`],
    [word('page.broker'), `${kiosk.broker} ${word(kiosk.connected ? 'page.connected' : 'page.not_connected')}`],
    [word('page.keeps_up'), state.keepsUp === null ? '–' : `${Math.round(100 * state.keepsUp)} %`],
    [word('page.events'), word('page.events_are', { published: 0, expired: 0, refused: 0, ...kiosk.events })],
    [word('page.problems'), kiosk.problems.length ? String(kiosk.problems.length) : word('page.no_problems')],
    [word('page.version'), kiosk.version],
    [word('page.config'), kiosk.config],
    [word('page.models'), kiosk.models.replaceAll(',', ', ')],
    [word('page.networks_on'), kiosk.networksOn],
    [word('page.clock'), new Date(kiosk.clock).toLocaleString(words.code)],
  ];
  if (Math.abs(off) > 5) rows.push(['', word('page.clock_off', { n: off })]);
  $('health').replaceChildren(...rows.flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
}

function drawPlot() {
  const canvas = $('plot');
  const pen = canvas.getContext('2d');
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const colours = dark ? DARK : COLOURS;
  const [wide, high, left] = [canvas.width, canvas.height, 34];
  pen.clearRect(0, 0, wide, high);
  pen.font = '13px system-ui, sans-serif';
  pen.fillStyle = pen.strokeStyle = dark ? '#ddd' : '#222';
  const x = (seconds) => left + ((30 - seconds) / 30) * (wide - left - 8);
  const y = (score) => 10 + (1 - score) * (high - 32);
  for (const score of [0, 0.5, 1]) pen.fillText(score, 4, y(score) + 4);
  for (const seconds of [30, 20, 10, 0]) pen.fillText(`-${seconds} s`, x(seconds) - 16, high - 4);
  const lines = { liveness_detection_threshold: 'page.live_line', fake_detection_threshold: 'page.fake_line' };
  for (const [key, name] of Object.entries(lines)) {
    const at = state.thresholds[key];
    if (at === undefined) continue;
    pen.setLineDash([6, 4]);
    pen.beginPath();
    pen.moveTo(left, y(at));
    pen.lineTo(wide, y(at));
    pen.stroke();
    pen.setLineDash([]);
    pen.fillText(`${word(name)} ${figure(at)}`, left + 6, y(at) + (key[0] === 'l' ? -4 : 14));
  }
  const names = Object.keys(colours).reverse().filter((name) => state.plot.some((point) => point[name] !== undefined));
  for (const name of names) {
    pen.fillStyle = colours[name];
    const size = name === 'together' ? 4 : 2.5;
    for (const point of state.plot) {
      if (point[name] == null) continue;
      pen.beginPath();
      pen.arc(x(point.ago), y(point[name]), size, 0, 7);
      pen.fill();
    }
  }
  $('legend').replaceChildren(...names.map((name) => {
    const made = element('span');
    const stroke = element('i');
    stroke.style.background = colours[name];
    made.append(stroke, name === 'together' ? word('page.together') : name);
    return made;
  }));
}

// What if

async function offerKeys() {
  keys = await (await fetch(`/api/doors/${encodeURIComponent(door)}/keys`)).json();
  drawKeys();
}

function drawKeys() {
  const form = $('keys');
  const chosen = changes();
  form.replaceChildren();
  let section = '';
  for (const key of keys) {
    const of = key.path.split('.')[0];
    if (of !== section) {
      section = of;
      form.append(element('h3', `${word(of === 'gate' ? 'page.keys_gate' : 'page.keys_mode')} (${of})`));
    }
    form.append(control(key, chosen[key.path] ?? key.value));
  }
  filterKeys();
}

function control(key, value) {
  const made = element('label');
  made.dataset.path = key.path;
  const name = element('span', key.path.split('.').slice(1).join('.'), 'name');
  made.append(name, key.among.length ? menu(key, value) : element('output', figure(value, key.unit)));
  if (!key.among.length) made.append(slider(key, value));
  made.append(element('small', key.sentence));
  made.classList.toggle('changed', value !== key.value);
  return made;
}

function menu(key, value) {
  const made = element('select');
  for (const each of key.among) {
    const option = element('option', String(each));
    option.selected = each === value;
    made.append(option);
  }
  made.onchange = () => made.closest('label').classList.toggle('changed', key.among[made.selectedIndex] !== key.value);
  return made;
}

function slider(key, value) {
  const made = element('input');
  made.type = 'range';
  const span = key.high - key.low;
  Object.assign(made, { min: key.low, max: key.high, step: key.whole ? 1 : span > 20 ? 1 : span > 3 ? 0.1 : 0.01 });
  made.value = value ?? key.low;
  made.setAttribute('aria-label', key.path);
  made.oninput = () => {
    const label = made.closest('label');
    label.querySelector('output').textContent = figure(made.valueAsNumber, key.unit);
    label.classList.add('changed');
  };
  return made;
}

// The keys that were moved, by their paths.
function changes() {
  const found = {};
  for (const label of document.querySelectorAll('#keys label.changed')) {
    const key = keys.find((each) => each.path === label.dataset.path);
    const input = label.querySelector('input');
    found[key.path] = input ? input.valueAsNumber : key.among[label.querySelector('select').selectedIndex];
  }
  return found;
}

function filterKeys() {
  const wanted = $('filter').value.trim().toLowerCase();
  for (const label of document.querySelectorAll('#keys label')) {
    label.hidden = !label.textContent.toLowerCase().includes(wanted);
  }
}

async function ask() {
  $('asked').textContent = word('page.asking');
  const answer = await fetch(`/api/doors/${encodeURIComponent(door)}/what-if`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ changes: changes() }),
  });
  const told = await answer.json();
  $('outcome').hidden = $('paste').hidden = !answer.ok;
  if (!answer.ok) { $('asked').textContent = told.error; return; }
  const said = [word('page.span', { n: figure(told.spanS), frames: told.frames })];
  if (told.unmeasured) said.push(word('page.unmeasured', { n: told.unmeasured }));
  $('asked').textContent = said.join('. ');
  $('did').replaceChildren(...listed([...told.did].reverse()));
  $('would').replaceChildren(...listed([...told.would].reverse()));
  $('yaml').textContent = told.yaml;
}

function redraw() {
  if (look) { drawChecks(); drawPhase(); drawView(); }
  if (state) drawState();
}

$('filter').oninput = filterKeys;
$('keys').onsubmit = (event) => event.preventDefault();
$('ask').onclick = ask;
$('reset').onclick = () => {
  for (const label of document.querySelectorAll('#keys label.changed')) label.classList.remove('changed');
  drawKeys();
};
$('copy').onclick = async () => {
  await navigator.clipboard?.writeText($('yaml').textContent);
  $('copy').textContent = word('page.copied');
};
for (const id of ['draw-box', 'draw-room', 'draw-mesh']) $(id).onchange = drawView;

start();
