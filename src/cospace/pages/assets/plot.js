// Points in a plane, drawn by three.js with WebGL2: move, zoom, find a point, find those in a shape.

import { BufferAttribute, BufferGeometry, CanvasTexture, OrthographicCamera, Points, PointsMaterial, Scene, WebGLRenderer } from "./three.js";

const CELLS = 256;
const MANY = 20_000; // above this, points are small squares, which draw fast
const REST = 150; // milliseconds without a move, after which all points are drawn
const MARGIN = 64; // pixels from the frame to the last point in view: the tools do not hide it

/** A drawing of points in `element`, which has a size of its own; `moved()` is told of each new view. */
export class Plot {
  constructor(element, xy, bounds, moved = () => {}) {
    this.element = element;
    this.xy = xy;
    this.n = xy.length / 2;
    this.moved = moved;
    this.renderer = new WebGLRenderer({ antialias: false, alpha: true, depth: false, powerPreference: "low-power" });
    this.renderer.outputColorSpace = "srgb-linear"; // colours are drawn as they are given
    this.round = this.n > MANY ? null : disc();
    this.canvas = this.renderer.domElement;
    this.canvas.setAttribute("aria-hidden", "true");
    element.prepend(this.canvas);
    this.scene = new Scene();
    this.camera = new OrthographicCamera(-1, 1, 1, -1, -1, 1);
    this.all = this.#layer(xy, 3);
    this.share = 1; // of the points that are drawn while they move; all at rest
    this.only(null);
    this.lit = null;
    this.#index(bounds);
    this.whole = bounds;
    this.fit(bounds);
    this.watch = new ResizeObserver(() => this.#sized());
    this.watch.observe(element);
    this.#sized();
  }

  end() {
    this.watch.disconnect();
    cancelAnimationFrame(this.waiting);
    clearTimeout(this.resting);
    this.renderer.dispose();
    this.renderer.forceContextLoss();
    this.canvas.remove();
  }

  #layer(xy, size) {
    const n = xy.length / 2;
    const place = new Float32Array(3 * n);
    for (let i = 0; i < n; i += 1) {
      place[3 * i] = xy[2 * i];
      place[3 * i + 1] = xy[2 * i + 1];
    }
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new BufferAttribute(place, 3));
    geometry.setAttribute("color", new BufferAttribute(new Uint8Array(3 * n).fill(128), 3, true));
    const material = new PointsMaterial({ size, sizeAttenuation: false, vertexColors: true, depthTest: false, depthWrite: false, transparent: true, map: this.round, alphaTest: this.round ? 0.1 : 0 });
    const points = new Points(geometry, material);
    points.frustumCulled = false;
    this.scene.add(points);
    return points;
  }

  /** Colour the points: red, green, blue of each, 0 to 255. */
  colour(rgb) {
    const own = this.all.geometry.attributes.color;
    own.array.set(rgb);
    own.needsUpdate = true;
    this.draw();
  }

  /** Show some points, by number, above the others in one colour; none for an empty list. */
  light(numbers, colour) {
    if (this.lit) {
      this.scene.remove(this.lit);
      this.lit.geometry.dispose();
      this.lit.material.dispose();
      this.lit = null;
    }
    if (numbers.length) {
      const xy = new Float32Array(2 * numbers.length);
      numbers.forEach((one, at) => xy.set(this.xy.subarray(2 * one, 2 * one + 2), 2 * at));
      this.lit = this.#layer(xy, 8);
      const own = this.lit.geometry.attributes.color;
      for (let i = 0; i < numbers.length; i += 1) own.array.set(colour, 3 * i);
    }
    this.all.material.opacity = numbers.length ? 0.3 : 1;
    this.draw();
  }

  /** Draw and find these points alone; all of them for null. */
  only(numbers) {
    this.shown = numbers && new Uint8Array(this.n);
    numbers?.forEach((one) => { this.shown[one] = 1; });
    const drawn = numbers ? Uint32Array.from(numbers) : Uint32Array.from({ length: this.n }, (_, at) => at);
    this.all.geometry.setIndex(new BufferAttribute(mixed(drawn), 1));
    if (this.view) this.look(this.view);
  }

  // The view: the middle in the plane's own units, and pixels a unit.

  fit([x0, y0, x1, y1]) {
    const { clientWidth: wide, clientHeight: tall } = this.element;
    const pad = 1.08;
    const scale = Math.min(wide / Math.max(1e-9, (x1 - x0) * pad), tall / Math.max(1e-9, (y1 - y0) * pad));
    this.least ??= Math.max(1e-6, scale) / 2;
    this.look({ x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale: Math.max(1e-6, scale) });
  }

  /** Take a view; one without any point is moved until the nearest is in it. */
  look(view) {
    const [wide, tall] = [this.element.clientWidth, this.element.clientHeight].map((side) => Math.max(side / 2 - MARGIN, side / 4) / view.scale);
    this.view = view;
    if (!this.within(view.x - wide, view.y - tall, view.x + wide, view.y + tall, 1).length) {
      const beyond = (gap, half) => gap - Math.min(half, Math.max(-half, gap));
      let least = Infinity;
      for (let i = 0; i < this.n; i += 1) {
        if (this.shown && !this.shown[i]) continue;
        const dx = beyond(this.xy[2 * i] - view.x, wide);
        const dy = beyond(this.xy[2 * i + 1] - view.y, tall);
        if (dx * dx + dy * dy >= least) continue;
        least = dx * dx + dy * dy;
        this.view = { ...view, x: view.x + dx, y: view.y + dy };
      }
    }
    this.draw();
  }

  /** Move by pixels. */
  pan(dx, dy) {
    this.look({ ...this.view, x: this.view.x - dx / this.view.scale, y: this.view.y + dy / this.view.scale });
  }

  /** Zoom by a factor, so that the place under a pixel stays. */
  zoom(factor, px = this.element.clientWidth / 2, py = this.element.clientHeight / 2) {
    const scale = Math.min(this.least * 2000, Math.max(this.least, this.view.scale * factor));
    const [x, y] = this.place(px, py);
    this.look({ x: x - (px - this.element.clientWidth / 2) / scale, y: y + (py - this.element.clientHeight / 2) / scale, scale });
  }

  /** Where a pixel lies in the plane. */
  place(px, py) {
    const { x, y, scale } = this.view;
    return [x + (px - this.element.clientWidth / 2) / scale, y - (py - this.element.clientHeight / 2) / scale];
  }

  /** Where a place of the plane lies in pixels. */
  pixel(x, y) {
    const { view } = this;
    return [(x - view.x) * view.scale + this.element.clientWidth / 2, (view.y - y) * view.scale + this.element.clientHeight / 2];
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame((now) => {
      this.waiting = 0;
      const gap = now - this.last;
      // So many points as are drawn 30 times a second, once a drag has shown how many these are.
      if (this.moving && gap < REST) this.share = Math.min(1, Math.max(0.02, this.share * (gap > 30 ? 0.75 : 1.1)));
      this.last = now;
      this.moving = true;
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.#rest(), REST);
      this.#render();
      this.moved();
    });
  }

  #rest() {
    this.moving = false;
    this.#render();
    this.moved();
  }

  #render() {
    const { x, y, scale } = this.view;
    const wide = this.element.clientWidth / scale / 2;
    const tall = this.element.clientHeight / scale / 2;
    Object.assign(this.camera, { left: x - wide, right: x + wide, top: y + tall, bottom: y - tall });
    this.camera.updateProjectionMatrix();
    const near = Math.min(4, Math.max(1, Math.sqrt(scale / this.least / 2)));
    this.all.material.size = (this.n > MANY ? 1.6 : 6) * near * this.renderer.getPixelRatio();
    if (this.lit) this.lit.material.size = (this.round ? 11 : 8) * this.renderer.getPixelRatio();
    const count = this.all.geometry.index.count;
    this.all.geometry.setDrawRange(0, this.moving ? Math.min(count, Math.max(2000, Math.round(count * this.share))) : count);
    this.renderer.render(this.scene, this.camera);
  }

  #sized() {
    const { clientWidth: wide, clientHeight: tall } = this.element;
    if (!wide || !tall) return;
    this.renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.renderer.setSize(wide, tall);
    if (!this.seen) {
      this.seen = true;
      this.least = undefined;
      this.fit(this.whole);
    }
    this.look(this.view);
    this.#render();
    this.moved();
  }

  // Finding points: a grid over the plane, its points in order of their cells.

  #index([x0, y0, x1, y1]) {
    const step = Math.max(x1 - x0, y1 - y0, 1e-9) / CELLS;
    const cellOf = (value, low) => Math.min(CELLS - 1, Math.max(0, Math.floor((value - low) / step)));
    const cells = new Uint32Array(this.n);
    const starts = new Uint32Array(CELLS * CELLS + 1);
    for (let i = 0; i < this.n; i += 1) {
      cells[i] = cellOf(this.xy[2 * i + 1], y0) * CELLS + cellOf(this.xy[2 * i], x0);
      starts[cells[i] + 1] += 1;
    }
    for (let i = 0; i < CELLS * CELLS; i += 1) starts[i + 1] += starts[i];
    const next = starts.slice();
    const order = new Uint32Array(this.n);
    for (let i = 0; i < this.n; i += 1) order[next[cells[i]]++] = i;
    this.grid = { cellOf, starts, order, x0, y0 };
  }

  /** The numbers of the points in a box of the plane; `most` at the most. */
  within(xa, ya, xb, yb, most = Infinity) {
    const { cellOf, starts, order, x0, y0 } = this.grid;
    const found = [];
    for (let row = cellOf(ya, y0); row <= cellOf(yb, y0); row += 1) {
      const first = starts[row * CELLS + cellOf(xa, x0)];
      const last = starts[row * CELLS + cellOf(xb, x0) + 1];
      for (let at = first; at < last; at += 1) {
        const one = order[at];
        if (this.shown && !this.shown[one]) continue;
        const [x, y] = [this.xy[2 * one], this.xy[2 * one + 1]];
        if (x >= xa && x <= xb && y >= ya && y <= yb && found.push(one) >= most) return found;
      }
    }
    return found;
  }

  /** The points in view, `most` at the most. */
  visible(most) {
    const [x0, y1] = this.place(0, 0);
    const [x1, y0] = this.place(this.element.clientWidth, this.element.clientHeight);
    return this.within(x0, y0, x1, y1, most);
  }

  /** The point nearest to a pixel, at most `reach` pixels from it, or -1. */
  nearest(px, py, reach = 12) {
    const [x, y] = this.place(px, py);
    const far = reach / this.view.scale;
    let best = -1;
    let least = far * far;
    for (const one of this.within(x - far, y - far, x + far, y + far)) {
      const gap = (this.xy[2 * one] - x) ** 2 + (this.xy[2 * one + 1] - y) ** 2;
      if (gap <= least) [best, least] = [one, gap];
    }
    return best;
  }

  /** The points in a shape whose corners are pixels. */
  inside(corners) {
    const shape = corners.map(([px, py]) => this.place(px, py));
    const xs = shape.map(([x]) => x);
    const ys = shape.map(([, y]) => y);
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    return this.within(...box).filter((one) => encloses(shape, this.xy[2 * one], this.xy[2 * one + 1]));
  }

  /** The drawing as a PNG on this colour. */
  png(ground) {
    this.moving = false;
    this.#render();
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [this.canvas.width, this.canvas.height];
    const context = copy.getContext("2d");
    context.fillStyle = ground;
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(this.canvas, 0, 0);
    return new Promise((done) => copy.toBlob(done, "image/png"));
  }
}

/** The same numbers in an order by lot, always the same: each beginning is a sample of all. */
function mixed(numbers) {
  let state = 1;
  for (let i = numbers.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}

/** A white disc with a soft edge, as a texture. */
function disc() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 32;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.beginPath();
  context.arc(16, 16, 15, 0, 2 * Math.PI);
  context.fill();
  return new CanvasTexture(canvas);
}

/** Whether a shape has a point in it: a ray from it crosses the edges an odd number of times. */
function encloses(shape, x, y) {
  let odd = false;
  for (let i = 0, j = shape.length - 1; i < shape.length; j = i, i += 1) {
    const [xi, yi] = shape[i];
    const [xj, yj] = shape[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}
