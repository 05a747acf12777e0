// Tables, downloads, regions and patients of the report.
"use strict";

const $ = (id) => document.getElementById(id);
const each = (selector, action, within = document) => within.querySelectorAll(selector).forEach(action);

// Tables

each("table.sortable thead button", (button) => button.addEventListener("click", () => {
  const heading = button.closest("th");
  const table = button.closest("table");
  const direction = heading.ariaSort === "descending" ? "ascending" : "descending";
  each("thead th", (other) => (other.ariaSort = "none"), table);
  heading.ariaSort = direction;
  const value = (row) => Number(row.cells[heading.cellIndex].dataset.value);
  const sign = direction === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].sort((a, b) => sign * (value(a) - value(b)) || 0);
  table.tBodies[0].append(...rows);
}));

each(".copy", (button) => button.addEventListener("click", async () => {
  const region = button.closest("[data-region]");
  const heads = [...region.querySelectorAll("thead button")].map((head) => head.textContent);
  const rows = [...region.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
  const text = [heads, ...rows].map((cells) => cells.join("\t")).join("\n");
  const done = await navigator.clipboard.writeText(text).then(() => true, () => false);
  region.querySelector(".copied").textContent = done ? "Copied." : "The browser did not allow it; select the table instead.";
}));

// Downloads

each("[data-file]", (button) => button.addEventListener("click", async () => {
  const { file, type, packed, picture } = button.dataset;
  const link = document.createElement("a");
  link.download = file;
  if (picture) link.href = $(picture).querySelector("img").src;
  else link.href = URL.createObjectURL(new Blob([await unpacked(packed)], { type }));
  link.click();
}));

each(".enlarge", (button) => button.addEventListener("click", () => {
  const large = button.closest("figure").classList.toggle("large");
  button.ariaPressed = large;
  button.closest("figure").scrollIntoView();
}));

// Links lead into parts that are folded.
function unfold() {
  const target = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.closest("details:not([open])");
  if (folded) folded.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", unfold);

// Patients

const state = { viewer: null, patient: null, volumes: {}, map: null };
const region = () => ($("region") ? $("region").value : document.querySelector("[data-region]").dataset.region);

function chooseRegion() {
  each("[data-region]", (part) => (part.hidden = part.dataset.region !== region() ||
    (part.matches(".patient") && part.dataset.patient !== $("patient").value)));
}

// Called by the scripts of the patients, inside of the page or in files of their own.
function receivePatient(name, volumes) {
  state.volumes[name] = volumes;
}

function volumesOf(name) {
  if (state.volumes[name]) return Promise.resolve(state.volumes[name]);
  const script = document.createElement("script");
  const inside = [...document.querySelectorAll("[data-volumes]")].find((one) => one.dataset.volumes === name);
  if (inside) {
    script.textContent = inside.textContent;
    document.head.append(script);
    return Promise.resolve(state.volumes[name]);
  }
  return new Promise((resolve, reject) => {
    script.src = `patients/${encodeURIComponent(name)}.js`;
    script.onload = () => resolve(state.volumes[name]);
    script.onerror = () => reject(new Error(`${script.src} is missing; keep the folder patients beside this page`));
    document.head.append(script);
  });
}

function problem(error) {
  $("viewer-problem").hidden = !error;
  $("viewer-problem").textContent = error ? `The slices cannot be shown: ${error.message}` : "";
}

// Says, to screen readers too, that the slices are not yet those that were asked for.
let running = 0;
async function busily(action) {
  running += 1;
  $("viewer").ariaBusy = "true";
  try {
    await action();
    problem(null);
  } catch (error) {
    problem(error);
  } finally {
    running -= 1;
    $("viewer").ariaBusy = String(running > 0);
  }
}

async function choosePatient() {
  const name = $("patient").value;
  chooseRegion();
  const number = $("patient").selectedIndex;
  $("previous").disabled = number === 0;
  $("next").disabled = number === $("patient").length - 1;
  if (state.viewer) await busily(() => showPatient(name, region()));
}

async function showPatient(name, regionShown) {
  const volumes = await volumesOf(name);
  const outdated = () => name !== $("patient").value || regionShown !== region();
  if (outdated()) return;
  for (const other of Object.keys(state.volumes)) if (other !== name) delete state.volumes[other];
  state.patient = volumes;
  state.region = Object.values(volumes.regions)[Math.max($("region") ? $("region").selectedIndex : 0, 0)];
  await state.viewer.show(volumes, state.region);
  if (outdated()) return;
  chooseMaps();
  const first = panel().querySelectorAll("button[data-place]:enabled");
  await goTo(first[1] || first[0]);
}

const panel = () => document.querySelector(`.patient:not([hidden])`);

function chooseMaps() {
  const maps = state.region.overlays[$("overlay").value] || {};
  const titles = {};
  each("button[data-map]", (button) => (titles[button.dataset.map] = button.textContent), panel());
  $("map").replaceChildren(...Object.keys(maps).sort((a, b) => b.startsWith("tumour") - a.startsWith("tumour"))
    .map((name) => new Option(titles[name] || name, name)));
  if (state.map in maps) $("map").value = state.map; // methods without a map of each lesion keep the choice
}

async function lay() {
  const maps = state.region.overlays[$("overlay").value] || {};
  const given = maps[$("map").value] || null;
  await state.viewer.lay(given);
  const top = given ? Number(given.scale.toPrecision(2)) : null;
  $("scale-low").textContent = given ? `−${top}` : "";
  $("scale-high").textContent = given ? `+${top}` : "";
  $("scale-note").textContent = given ? "One scale for all sequences; its ends are the 99.5th percentile of this map." : "";
  restyle();
  moved();
}

function restyle() {
  Object.assign(state.viewer.overlay, { threshold: Number($("threshold").value), opacity: Number($("opacity").value) });
  $("threshold-value").textContent = `${Math.round(100 * $("threshold").value)} % of the scale`;
  state.viewer.restyle();
}

async function goTo(button) {
  each("tr.chosen", (row) => row.classList.remove("chosen"));
  if (button) {
    button.closest("tr").classList.add("chosen");
    state.shares = JSON.parse(button.dataset.shares);
    state.map = button.dataset.map;
    chooseMaps();
  } else state.shares = null;
  await lay();
  const place = button && JSON.parse(button.dataset.place);
  if (place) state.viewer.goTo(place);
  else state.viewer.scroll(0);
}

// What stands below the slices: values at the cross, and where it is.
function moved() {
  const { viewer } = state;
  const { mm, voxel, size, through } = viewer.place();
  viewer.values().forEach(({ value, relevance }, index) => {
    const share = state.shares && state.shares[index];
    const parts = [`input ${value.toPrecision(2)}`];
    if (relevance !== null) parts.push(`relevance ${relevance.toPrecision(2)}`);
    if (share !== null && share !== undefined) parts.unshift(`share ${Math.round(100 * share)} %`);
    viewer.panes[index].output.textContent = parts.join(" · ").replaceAll("-", "−");
  });
  $("slice").max = size[through] - 1;
  $("slice").value = voxel[through];
  $("zoom").value = viewer.magnification;
  const side = (value, positive, negative) => `${Math.abs(Math.round(value))} mm ${value >= 0 ? positive : negative}`;
  $("position").textContent = `Cross at ${side(mm[0], "right", "left")}, ${side(mm[1], "anterior", "posterior")}, ` +
    `${side(mm[2], "superior", "inferior")}; slice ${voxel[through] + 1} of ${size[through]}.`;
}

async function startViewer() {
  const panes = Math.min(SEQUENCES.length, 12); // browsers allow 16 drawings by the graphics card
  $("viewer").style.setProperty("--columns", panes <= 3 ? panes : panes === 4 ? 2 : panes <= 9 ? 3 : 4);
  await new Promise((seen) => new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    seen();
  }, { rootMargin: "600px" }).observe($("viewer")));
  await busily(async () => {
    const viewer = new Viewer($("viewer"), SEQUENCES.slice(0, panes));
    await viewer.start();
    viewer.onmove = moved;
    state.viewer = viewer;
  });
  await choosePatient();
}

$("patient").addEventListener("change", choosePatient);
for (const [id, step] of [["previous", -1], ["next", 1]]) {
  $(id).addEventListener("click", () => {
    $("patient").selectedIndex += step;
    choosePatient();
  });
}
if ($("region")) $("region").addEventListener("change", choosePatient);
const withViewer = (id, kind, action) => $(id).addEventListener(kind, (event) => state.viewer && state.patient && action(event));
withViewer("plane", "change", () => { state.viewer.setView($("plane").value); state.viewer.scroll(0); });
withViewer("slice", "input", () => state.viewer.toSlice(Number($("slice").value)));
withViewer("zoom", "input", () => state.viewer.zoom(Number($("zoom").value)));
for (const id of ["low", "high"]) withViewer(id, "input", () => state.viewer.window(Number($("low").value), Number($("high").value)));
withViewer("overlay", "change", () => busily(() => { chooseMaps(); return lay(); }));
withViewer("map", "change", () => busily(() => { state.map = $("map").value; return lay(); }));
for (const id of ["threshold", "opacity"]) withViewer(id, "input", restyle);
for (const kind of ["label", "prediction"]) {
  withViewer(`show-${kind}`, "change", (event) => { state.viewer.shown[kind] = event.target.checked; state.viewer.scroll(0); });
}
withViewer("reset", "click", () => {
  [$("low").value, $("high").value] = [0, 1];
  state.viewer.window(0, 1);
  state.viewer.zoom(1);
});
$("patients").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-place]");
  if (button && state.viewer && state.patient) busily(() => goTo(button));
});
chooseRegion();
choosePatient();
unfold();
