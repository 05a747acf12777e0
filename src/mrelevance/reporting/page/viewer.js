// The slice viewer of the report: all sequences of a patient side by side, looking at one place.
//
// Each sequence has a NiiVue instance, which draws the slice, the relevance over it and the letters of
// orientation. A second canvas above it has the outlines, drawn along the edges of voxels.
"use strict";

const AXES = { axial: 0, coronal: 1, sagittal: 2 };
const ACROSS = [[0, 1, 2], [0, 2, 1], [1, 2, 0]]; // of each view: axes to the right, up, through
const DRAG = { crosshair: 8, windowing: 9, pan: 3 };
const OUTLINES = { label: { colour: "#00e05a", dash: [], width: 3 }, prediction: { colour: "#ff2bd6", dash: [4, 3], width: 1.5 } };

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// NIfTI-1 file of one channel of a file with several.
function channel(file, index) {
  const header = file.slice(0, 352);
  const fields = new DataView(header);
  const size = [42, 44, 46].map((at) => fields.getInt16(at, true));
  const bytes = (size[0] * size[1] * size[2] * fields.getInt16(72, true)) / 8;
  fields.setInt16(40, 3, true);
  fields.setInt16(48, 1, true);
  const one = new Uint8Array(352 + bytes);
  one.set(new Uint8Array(header));
  one.set(new Uint8Array(file, 352 + index * bytes, bytes), 352);
  return one.buffer;
}

function grid(file) {
  const fields = new DataView(file);
  const row = (at) => [0, 4, 8, 12].map((step) => fields.getFloat32(at + step, true));
  return { size: [42, 44, 46].map((at) => fields.getInt16(at, true)), rows: [row(280), row(296), row(312)] };
}

const inMm = (rows, voxel) => rows.map((r) => r[0] * voxel[0] + r[1] * voxel[1] + r[2] * voxel[2] + r[3]);

class Viewer {
  constructor(element, sequences) {
    this.element = element;
    this.sequences = sequences;
    this.panes = [];
    this.view = "axial";
    this.shown = { label: true, prediction: true };
    this.overlay = { data: null, threshold: 0.1, opacity: 0.7 };
    this.queue = Promise.resolve();
    this.onmove = () => {};
  }

  // Steps that load volumes follow each other, however fast the user clicks.
  inTurn(step) {
    const done = this.queue.then(async () => {
      this.loading = true;
      await step();
    }).finally(() => (this.loading = false));
    this.queue = done.catch((error) => console.error(error));
    return done;
  }

  async start() {
    for (const name of this.sequences) {
      const figure = document.createElement("figure");
      figure.innerHTML = '<div class="pane"><canvas class="slice" tabindex="0" role="img"></canvas>' +
        '<canvas class="outlines" aria-hidden="true"></canvas></div><figcaption><b></b> <output></output></figcaption>';
      figure.querySelector("b").textContent = name;
      this.element.append(figure);
      const [slice, outlines] = figure.querySelectorAll("canvas");
      slice.setAttribute("aria-label", `${name}: slice with outlines and relevance; arrow keys change the slice`);
      const nv = new window.Niivue({
        isRadiologicalConvention: true, isNearestInterpolation: true, isOrientationTextVisible: true, showAllOrientationMarkers: true,
        dragAndDropEnabled: false, loadingText: "", crosshairWidth: 0.3, crosshairGap: 6, crosshairColor: [1, 1, 1, 0.6],
        backColor: [0, 0, 0, 1], fontColor: [1, 1, 1, 1], fontMinPx: 14, logLevel: "error", sliceType: AXES.axial,
        mouseEventConfig: { leftButton: { primary: DRAG.crosshair, withShift: DRAG.pan },
          rightButton: DRAG.windowing, centerButton: DRAG.pan },
      });
      nv.setLogLevel?.("error");
      const pane = { nv, slice, outlines, output: figure.querySelector("output") };
      const draw = nv.drawScene.bind(nv);
      nv.drawScene = (...given) => {
        const result = draw(...given);
        this.drawn(pane);
        return result;
      };
      await nv.attachToCanvas(slice, false);
      slice.addEventListener("pointerenter", () => (this.active = pane));
      slice.addEventListener("focus", () => (this.active = pane));
      slice.addEventListener("keydown", (event) => this.key(event), true);
      this.panes.push(pane);
    }
    this.active = this.panes[0];
  }

  key(event) {
    const step = { ArrowUp: 1, PageUp: 1, ArrowDown: -1, PageDown: -1 }[event.key];
    if (event.key !== "Tab") event.stopImmediatePropagation(); // NiiVue has keys that change its looks
    if (step) this.scroll(step);
    else if (event.key === "+" || event.key === "=") this.zoom(this.magnification * 1.25);
    else if (event.key === "-") this.zoom(this.magnification / 1.25);
    else return;
    event.preventDefault();
  }

  show(patient, region) {
    return this.inTurn(async () => {
      const files = await Promise.all([patient.image, region.label, region.prediction].map(unpacked));
      this.grid = grid(files[0]);
      this.masks = { label: new Uint8Array(files[1], 352), prediction: new Uint8Array(files[2], 352) };
      this.windows = patient.windows;
      for (const [index, { nv }] of this.panes.entries()) {
        while (nv.volumes.length) nv.removeVolumeByIndex(nv.volumes.length - 1);
        await nv.addVolumeFromUrl({ url: "image.nii", name: "image.nii", buffer: channel(files[0], index),
          colormap: "gray", cal_min: 0, cal_max: 255, colorbarVisible: false });
        nv.setSliceType(AXES[this.view]);
      }
      this.overlay.data = null;
    });
  }

  // Lay relevance over the slices; `given` has data, step and scale of one map.
  lay(given) {
    return this.inTurn(async () => {
      const file = given && (await unpacked(given.data));
      for (const [index, { nv }] of this.panes.entries()) {
        while (nv.volumes.length > 1) nv.removeVolumeByIndex(nv.volumes.length - 1);
        if (!given) continue;
        await nv.addVolumeFromUrl({ url: "relevance.nii", name: "relevance.nii", buffer: channel(file, index),
          colormap: "warm", colormapNegative: "blue2cyan", colorbarVisible: false });
      }
      this.overlay.data = given;
      this.restyle();
    });
  }

  restyle() {
    const { data, threshold, opacity } = this.overlay;
    for (const { nv } of this.panes) {
      const volume = nv.volumes[1];
      if (volume) {
        const top = data.scale / data.step;
        const low = Math.max(threshold * top, 0.5);
        Object.assign(volume, { cal_min: low, cal_max: Math.max(top, low + 0.5), cal_minNeg: -low,
          cal_maxNeg: -Math.max(top, low + 0.5), opacity, colormapType: 1 });
      }
      if (nv.volumes.length) nv.updateGLVolume();
    }
  }

  // Window of every sequence, as fractions of the stored range.
  window(low, high) {
    for (const { nv } of this.panes) {
      Object.assign(nv.volumes[0], { cal_min: 255 * low, cal_max: 255 * Math.max(high, low + 0.01) });
      nv.updateGLVolume();
    }
  }

  setView(view) {
    this.view = view;
    for (const { nv } of this.panes) nv.setSliceType(AXES[view]);
  }

  goTo(mm) {
    const { nv } = this.active;
    nv.scene.crosshairPos = nv.mm2frac(mm, 0, true);
    nv.drawScene();
    this.follow(this.active);
  }

  scroll(step) {
    const { through, voxel } = this.place();
    this.toSlice(voxel[through] + step);
  }

  toSlice(number) {
    const { through, voxel, size } = this.place();
    const next = [...voxel];
    next[through] = Math.min(Math.max(number, 0), size[through] - 1);
    this.goTo(inMm(this.grid.rows, next));
  }

  get magnification() {
    return this.active.nv.scene.pan2Dxyzmm[3];
  }

  zoom(factor) {
    const { nv } = this.active;
    const centre = nv.frac2mm(nv.scene.crosshairPos, 0, true);
    const box = [0, 1].map((end) => inMm(this.grid.rows, this.grid.size.map((n) => end * (n - 1))));
    const by = Math.min(Math.max(factor, 1), 8);
    const pan = [0, 1, 2].map((axis) => (by === 1 ? 0 : (box[0][axis] + box[1][axis]) / 2 - centre[axis]));
    nv.setPan2Dxyzmm([...pan, by]);
    this.follow(this.active);
  }

  // The voxel that all panes look at, and the axes of the view.
  place() {
    const { nv } = this.active;
    const mm = nv.frac2mm(nv.scene.crosshairPos, 0, true);
    const { size, rows } = this.grid;
    const [a, b, c] = rows;
    const det = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
    const d = [mm[0] - a[3], mm[1] - b[3], mm[2] - c[3]];
    const solve = (k) => {
      const m = [a, b, c].map((row, r) => row.slice(0, 3).map((value, at) => (at === k ? d[r] : value)));
      return (m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
        m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])) / det;
    };
    const voxel = [0, 1, 2].map((k) => Math.min(Math.max(Math.round(solve(k)), 0), size[k] - 1));
    const [right, up, through] = ACROSS[AXES[this.view]];
    return { mm, voxel, size, right, up, through };
  }

  // Grey, from 0 to 255, and relevance of the voxel that all panes look at, by sequence.
  values() {
    const { mm } = this.place();
    return this.panes.map(({ nv }, index) => {
      const [grey, level] = nv.volumes.map((volume) => volume.getValue(...volume.mm2vox(mm)));
      const [low, high] = this.windows[index];
      return { grey, value: low + (grey / 255) * (high - low),
        relevance: level === undefined ? null : level * this.overlay.data.step };
    });
  }

  drawn(pane) {
    if (!this.masks || !pane.nv.volumes.length) return;
    this.outline(pane);
    if (pane === this.active && !this.following) this.follow(pane);
  }

  follow(pane) {
    this.following = true;
    for (const { nv } of this.panes) {
      if (nv === pane.nv || !nv.volumes.length) continue;
      nv.scene.crosshairPos = pane.nv.scene.crosshairPos.slice();
      nv.scene.pan2Dxyzmm = pane.nv.scene.pan2Dxyzmm.slice();
      nv.drawScene();
    }
    this.following = false;
    if (!this.loading) this.onmove();
  }

  outline({ nv, slice, outlines }) {
    outlines.width = slice.width;
    outlines.height = slice.height;
    const tile = nv.screenSlices[0];
    if (!tile) return;
    const { voxel, size, right, up, through } = this.place();
    const context = outlines.getContext("2d");
    const [left, top, width, height] = tile.leftTopWidthHeight;
    context.beginPath();
    context.rect(Math.min(left, left + width), top, Math.abs(width), height);
    context.clip();
    const point = (x, y) => {
      const at = [...voxel];
      [at[right], at[up]] = [x - 0.5, y - 0.5];
      const mm = nv.frac2mm(nv.mm2frac(inMm(this.grid.rows, at), 0, true));
      const along = (mm[right] - tile.leftTopMM[0]) / tile.fovMM[0];
      const upwards = (mm[up] - tile.leftTopMM[1]) / tile.fovMM[1];
      return [left + along * width, top + (1 - upwards) * height];
    };
    // Of an affine map, three points tell all others.
    const [o, x, y] = [point(0, 0), point(1, 0), point(0, 1)];
    const corner = (i, j) => [0, 1].map((k) => o[k] + i * (x[k] - o[k]) + j * (y[k] - o[k]));
    for (const [name, { colour, dash, width: thickness }] of Object.entries(OUTLINES)) {
      if (!this.shown[name]) continue;
      const mask = this.masks[name];
      const steps = [1, size[0], size[0] * size[1]];
      const marked = (i, j) => i >= 0 && j >= 0 && i < size[right] && j < size[up] &&
        mask[i * steps[right] + j * steps[up] + voxel[through] * steps[through]] > 0;
      context.beginPath();
      for (let i = 0; i <= size[right]; i++) {
        for (let j = 0; j <= size[up]; j++) {
          if (marked(i, j) !== marked(i - 1, j)) line(context, corner(i, j), corner(i, j + 1));
          if (marked(i, j) !== marked(i, j - 1)) line(context, corner(i, j), corner(i + 1, j));
        }
      }
      context.strokeStyle = colour;
      context.lineWidth = thickness * (window.devicePixelRatio || 1);
      context.setLineDash(dash);
      context.stroke();
    }
  }
}

function line(context, from, to) {
  context.moveTo(...from);
  context.lineTo(...to);
}
