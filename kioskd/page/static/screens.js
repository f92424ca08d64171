// The kiosk's screens, for a browser that may see nothing else.
const answer = await fetch('/api/screens');
for (const door of (await answer.json()).doors) {
  const link = document.createElement('a');
  link.href = `/screen/${encodeURIComponent(door)}`;
  link.textContent = door;
  const line = document.createElement('li');
  line.append(link);
  document.getElementById('screens').append(line);
}
