// Who is enrolled: lists, enrols and erases, with people.token, which stays in this page's memory.
import { loadWords, word } from '/static/words.js';

const $ = (id) => document.getElementById(id);
let token = '';

await loadWords();
document.title = word('people.title');

async function ask(method, path, body) {
  const answer = await fetch(`/api/people${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw Object.assign(new Error(said.error?.message ?? said.error), { status: answer.status });
  return said;
}

function trouble(text) {
  $('trouble').textContent = text;
  $('trouble').hidden = !text;
}

// Whatever the page does goes through here, so that a failure is said and never lost.
async function tried(work) {
  trouble('');
  try {
    await work();
    return true;
  } catch (error) {
    if (error.status === 401 && $('enrolled').hidden) trouble(word('people.wrong'));
    else trouble(error.status ? error.message : word('page.lost'));
    return false;
  }
}

async function list() {
  const { people } = await ask('GET', '');
  $('count').textContent = word(people.length === 1 ? 'people.one' : 'people.many', { n: people.length });
  $('people').hidden = people.length === 0;
  $('people').tBodies[0].replaceChildren(...people.map(row));
  $('login').hidden = true;
  $('enrolled').hidden = $('adding').hidden = false;
}

function day(seconds) {
  if (seconds === null) return '';
  const how = { dateStyle: 'medium', timeStyle: 'short' };
  return new Date(1000 * seconds).toLocaleString(document.documentElement.lang, how);
}

function row(person) {
  const made = document.createElement('tr');
  const dates = person.validFrom === null && person.validUntil === null ? ''
    : `${day(person.validFrom)} – ${day(person.validUntil)}`;
  const doors = person.doors === null ? word('people.all') : person.doors.join(', ');
  const cells = [person.personId, word(`people.${person.idClass}`), person.name ?? '', dates, doors, person.pictures];
  for (const text of cells) made.insertCell().textContent = text;
  const erase = document.createElement('button');
  erase.textContent = word('people.erase');
  erase.setAttribute('aria-label', `${word('people.erase')}: ${person.personId}`);
  erase.onclick = () => tried(async () => {
    if (!confirm(word('people.sure', { id: person.personId }))) return;
    await ask('DELETE', `/${encodeURIComponent(person.personId)}`);
    await list();
  });
  made.insertCell().append(erase);
  return made;
}

function base64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.slice(reader.result.indexOf(',') + 1));
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

$('login').onsubmit = (event) => {
  event.preventDefault();
  token = $('token').value;
  $('token').value = '';
  tried(list);
};

$('enrol').onsubmit = async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector('button');
  $('answer').textContent = word('people.looking');
  button.disabled = true;
  const done = await tried(async () => {
    const asked = { images: await Promise.all([...form.images.files].map(base64)), twin: form.twin.checked };
    for (const key of ['idClass', 'name', 'validFrom', 'validUntil']) {
      if (form[key].value) asked[key] = form[key].value;
    }
    const doors = form.doors.value.split(',').map((name) => name.trim()).filter(Boolean);
    if (doors.length) asked.doors = doors;
    const said = await ask('PUT', `/${encodeURIComponent(form.elements.id.value)}`, asked);
    const told = said.images.flatMap((image) => image.reasons);
    $('answer').textContent = [word('people.done', { id: said.personId, n: said.pictures }), ...new Set(told)].join('; ');
    form.reset();
    await list();
  });
  if (!done) $('answer').textContent = '';
  button.disabled = false;
};
