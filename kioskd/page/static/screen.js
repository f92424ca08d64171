// The kiosk's screen: one sentence for the person who stands there. It shows and asks for nothing.
import { loadWords, word } from '/static/words.js';

const $ = (id) => document.getElementById(id);
const SIGNS = { granted: '✓', denied: '✕', wait: '…', done: '✓' };
const door = location.pathname.split('/')[2];
const sounds = new URLSearchParams(location.search).has('sound');
let language = '';
let kind = '';
let silent = null; // when nothing comes any more, nothing that stands may stay

async function show(told) {
  clearTimeout(silent);
  silent = setTimeout(off, 4000);
  if (told.language !== language) {
    language = told.language;
    await loadWords(new URLSearchParams(location.search).get('language') || language);
  }
  const [now, says, text] = what(told);
  if (now !== kind && sounds) sound(now);
  kind = now;
  document.body.className = now;
  $('sign').textContent = SIGNS[now] ?? '';
  if ($('says').textContent !== says) $('says').textContent = says;
  $('text').textContent = text;
  const { done, of } = told.progress ?? { done: 0, of: 0 };
  $('progress').hidden = !told.progress || now !== 'asks';
  $('progress').setAttribute('aria-valuemax', of);
  $('progress').setAttribute('aria-valuenow', done);
  $('progress').firstElementChild.style.width = `${of ? (100 * done) / of : 0}%`;
  $('mirror').hidden = !told.view || now === 'off';
}

// The controller's answer stands before everything; then what the person is to do.
function what(told) {
  if (!told.online) return ['off', word('prompts.unavailable'), ''];
  if (told.answer) {
    const now = told.answer.granted ? 'granted' : 'denied';
    return [now, word(`prompts.${now}`), told.answer.text];
  }
  if (told.prompt && told.prompt !== 'done') return ['asks', word(`prompts.${told.prompt}`), ''];
  if (told.waits) return ['wait', word('prompts.wait'), ''];
  if (told.prompt) return ['done', word('prompts.done'), ''];
  return ['idle', word('prompts.idle'), ''];
}

function off() {
  document.body.className = 'off';
  $('sign').textContent = '';
  $('says').textContent = language ? word('prompts.wait') : '';
  $('text').textContent = '';
  $('progress').hidden = $('mirror').hidden = true;
}

// A short tone, where the address asks for sounds.
function sound(now) {
  const pitch = { granted: 880, denied: 220, asks: 520 }[now];
  if (!pitch) return;
  const context = new AudioContext();
  const tone = context.createOscillator();
  tone.frequency.value = pitch;
  tone.connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.15);
  tone.onended = () => context.close();
}

function connect() {
  const events = new EventSource(`/api/screens/${door}/live`);
  events.addEventListener('screen', (event) => show(JSON.parse(event.data)));
  events.addEventListener('picture', (event) => { $('mirror').src = JSON.parse(event.data); });
  events.onerror = () => { events.close(); setTimeout(connect, 2000); };
}

loadWords('en').catch(() => {}).finally(connect);
