// Draws `.structure-viewer` elements with 3Dmol.js, which is loaded when the first one appears. `data-structure` holds
// the scene and `data-mode` the pattern of a phonon, both as JSON; `data-amplitude` is the displacement in Å of the atom
// that moves most, `data-speed` how fast it does, `data-arrows` whether arrows show it. All may change while the element
// stays.
(function () {
  "use strict";
  var SOURCE = new URL("vendor/3dmol/3Dmol-min.js", document.currentScript.src).href;
  var FRAMES = 20, MILLISECONDS = 80, LONGEST_WAIT = 1500, ARROW = 1.7, LEAST = 0.1;
  var shown = new WeakMap();
  var loading = null;
  var stage = null;

  function load() {
    if (!loading) {
      loading = new Promise(function (resolve, reject) {
        var script = document.createElement("script");
        script.src = SOURCE;
        script.onload = resolve;
        script.onerror = reject;
        document.head.appendChild(script);
      });
    }
    return loading;
  }

  // Once a figure is drawn, or there is none to wait for: without a graphics card WebGL holds up everything for seconds.
  function afterFigures() {
    var end = performance.now() + LONGEST_WAIT;
    return new Promise(function (resolve) {
      (function look() {
        if (document.querySelector(".main-svg") || performance.now() > end) window.setTimeout(resolve, 50);
        else window.setTimeout(look, 50);
      })();
    });
  }

  // What takes long is done piece by piece: between two the page answers its reader. And a new viewer is told of its size
  // in the next frame, twice; it draws what it has, so it should have nothing yet.
  function nextFrame() {
    return new Promise(function (resolve) {
      window.requestAnimationFrame(function () { window.setTimeout(resolve); });
    });
  }

  function still() {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  function scheme() {
    return document.documentElement.dataset.mantineColorScheme;
  }

  function hasWebGL() {
    var canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl2") || canvas.getContext("webgl"));
  }

  // Where every atom is at a phase of the mode: Re[pattern exp 2πi(q·(l+τ) − phase)].
  function places(state, phase) {
    return state.scene.atoms.map(function (atom) {
      var place = atom.slice(1, 4);
      if (state.mode && phase !== null) {
        var q = state.mode.q;
        var angle = 2 * Math.PI * (q[0] * atom[4] + q[1] * atom[5] + q[2] * atom[6] - phase);
        var real = state.mode.real[atom[0]], imag = state.mode.imag[atom[0]];
        for (var k = 0; k < 3; k++) {
          place[k] += state.amplitude * (real[k] * Math.cos(angle) - imag[k] * Math.sin(angle));
        }
      }
      return { x: place[0], y: place[1], z: place[2] };
    });
  }

  function flatNormal(a, b, c, centre) {
    var u = [b.x - a.x, b.y - a.y, b.z - a.z], v = [c.x - a.x, c.y - a.y, c.z - a.z];
    var n = { x: u[1] * v[2] - u[2] * v[1], y: u[2] * v[0] - u[0] * v[2], z: u[0] * v[1] - u[1] * v[0] };
    var size = Math.hypot(n.x, n.y, n.z) || 1;
    var out = n.x * (a.x - centre.x) + n.y * (a.y - centre.y) + n.z * (a.z - centre.z) < 0 ? -1 : 1;
    return { normal: { x: (out * n.x) / size, y: (out * n.y) / size, z: (out * n.z) / size }, turned: out < 0 };
  }

  function addOctahedron(viewer, points, octahedron, colour) {
    var vertices = [], normals = [], faces = [];
    [1, 2].forEach(function (x) {
      [3, 4].forEach(function (y) {
        [5, 6].forEach(function (z) {
          var a = points[octahedron[x]], b = points[octahedron[y]], c = points[octahedron[z]];
          var flat = flatNormal(a, b, c, points[octahedron[0]]);
          var start = vertices.length;
          vertices.push(a, b, c);
          normals.push(flat.normal, flat.normal, flat.normal);
          faces.push(start, flat.turned ? start + 2 : start + 1, flat.turned ? start + 1 : start + 2);
        });
      });
    });
    viewer.addCustom({ vertexArr: vertices, normalArr: normals, faceArr: faces, color: colour, opacity: 0.55 });
  }

  function addBonds(viewer, points, octahedra) {
    var shape = viewer.addShape({ color: "#868e96" });
    octahedra.forEach(function (octahedron) {
      for (var i = 1; i < 7; i++) {
        shape.addCylinder({ start: points[octahedron[0]], end: points[octahedron[i]], radius: 0.09 });
      }
    });
    shape.finalize();
  }

  function sum(a, b, factor) {
    return [a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]];
  }

  function point(a) {
    return { x: a[0], y: a[1], z: a[2] };
  }

  function addBox(viewer, box) {
    var shape = viewer.addShape({ color: "#868e96", wireframe: true });
    [1, 2, 3].forEach(function (axis) {
      var across = [1, 2, 3].filter(function (other) { return other !== axis; });
      [0, 1].forEach(function (first) {
        [0, 1].forEach(function (second) {
          var start = sum(sum(box[0], box[across[0]], first), box[across[1]], second);
          shape.addLine({ start: point(start), end: point(sum(start, box[axis], 1)) });
        });
      });
    });
    shape.finalize();
  }

  // An arrow the way that each atom goes, 1.7 Å for the one that moves most; none for those that hardly move.
  function addArrows(viewer, state) {
    var rest = places(state, null), moved = places(state, 0);
    rest.forEach(function (from, i) {
      var way = [moved[i].x - from.x, moved[i].y - from.y, moved[i].z - from.z];
      if (Math.hypot(way[0], way[1], way[2]) < LEAST * state.amplitude) return;
      var end = point(sum([from.x, from.y, from.z], way, ARROW / state.amplitude));
      viewer.addArrow({ start: from, end: end, radius: 0.09, radiusRatio: 2.2, mid: 0.7, color: "#cf6a1c" });
    });
  }

  function draw(state, phase) {
    var viewer = state.viewer, scene = state.scene, points = places(state, phase);
    viewer.removeAllModels();
    viewer.removeAllShapes();
    var model = viewer.addModel();
    model.addAtoms(points.map(function (point, i) {
      var look = scene.looks[scene.roles[scene.atoms[i][0]]];
      var style = { sphere: { radius: look.radius, color: look.colour } };
      return { elem: "X", x: point.x, y: point.y, z: point.z, style: style };
    }));
    scene.octahedra.forEach(function (octahedron) {
      addOctahedron(viewer, points, octahedron, scene.looks[scene.roles[scene.atoms[octahedron[0]][0]]].colour);
    });
    addBonds(viewer, points, scene.octahedra);
    addBox(viewer, scene.box);
    if (state.mode && state.arrows) addArrows(viewer, state);
    viewer.render();
  }

  // `view` turned about an axis of the screen; its last four numbers are a quaternion x, y, z, w.
  function turned(view, degrees, axis) {
    var half = (degrees * Math.PI) / 360, s = Math.sin(half), w = Math.cos(half);
    var x = axis === "x" ? s : 0, y = axis === "y" ? s : 0;
    var qx = view[4], qy = view[5], qz = view[6], qw = view[7];
    return view.slice(0, 4).concat([
      w * qx + x * qw + y * qz, w * qy + y * qw - x * qz, w * qz + x * qy - y * qx, w * qw - x * qx - y * qy,
    ]);
  }

  // The box seen from a corner, z upwards, as large as the viewer allows: 3Dmol's camera stands at z = 150, 20° wide.
  function resetView(element, state) {
    var box = state.scene.box;
    var across = sum(sum(box[1], box[2], 1), box[3], 1);
    var centre = sum(box[0], across, 0.5);
    var narrow = Math.min(1, element.clientWidth / element.clientHeight);
    var distance = (0.46 * Math.hypot(across[0], across[1], across[2])) / Math.sin(Math.PI / 18) / narrow;
    var front = [-centre[0], -centre[1], -centre[2], 150 - distance, 0, 0, 0, 1];
    state.viewer.setView(turned(turned(turned(front, -90, "x"), -24, "y"), 13, "x"));
  }

  // Translucent faces need an opaque ground: that of the page.
  function ground(element) {
    var channels = getComputedStyle(element).backgroundColor.match(/\d+/g).slice(0, 3).map(Number);
    return (channels[0] << 16) | (channels[1] << 8) | channels[2];
  }

  function label(state) {
    var button = state.button;
    button.disabled = !state.mode || !state.viewer;
    if (still()) {
      button.textContent = state.playing ? "Show at rest" : "Show displaced";
    } else {
      button.textContent = state.playing ? "Pause mode" : "Play mode";
    }
    button.setAttribute("aria-pressed", String(state.playing));
  }

  function tick(element, state, run, time) {
    if (!element.isConnected || !state.playing || state.run !== run) {
      return;
    }
    var frame = Math.floor((time * state.speed) / MILLISECONDS) % FRAMES;
    if (frame !== state.frame) {
      state.frame = frame;
      draw(state, frame / FRAMES);
      element.dataset.frame = String(frame);
    }
    requestAnimationFrame(function (next) { tick(element, state, run, next); });
  }

  function play(element, state, playing) {
    state.playing = playing && Boolean(state.mode);
    state.run += 1;
    label(state);
    if (!state.playing) {
      delete element.dataset.frame;
      draw(state, null);
    } else if (still()) {
      element.dataset.frame = "0";
      draw(state, 0);
    } else {
      var run = state.run;
      requestAnimationFrame(function (time) { tick(element, state, run, time); });
    }
  }

  var TURNS = { ArrowLeft: [-8, "y"], ArrowRight: [8, "y"], ArrowUp: [-8, "x"], ArrowDown: [8, "x"] };

  function listen(element, state, frame) {
    state.button.addEventListener("click", function () { play(element, state, !state.playing); });
    frame.querySelector(".structure-reset").addEventListener("click", function () { resetView(element, state); });
    element.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      if (TURNS[event.key]) {
        state.viewer.setView(turned(state.viewer.getView(), TURNS[event.key][0], TURNS[event.key][1]));
      } else if (event.key === "+" || event.key === "=" || event.key === "-") {
        state.viewer.zoom(event.key === "-" ? 0.9 : 1.1);
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  // One viewer for all pages, moved from element to element: a browser keeps only a few WebGL contexts.
  function enter(element) {
    if (stage) {
      element.appendChild(stage.host);
      stage.viewer.resize();
    } else {
      var host = document.createElement("div");
      host.className = "structure-host";
      element.appendChild(host);
      // Without `upscale: false` 3Dmol draws four times as many pixels, which costs seconds where no graphics card is. As
      // the one place of a grid it draws into the page, else beside it, to be copied, and everything waits for that.
      var look = {
        antialias: true, upscale: false, disableFog: true, backgroundColor: ground(element),
        rows: 1, cols: 1, row: 0, col: 0,
      };
      stage = { host: host, viewer: window.$3Dmol.createViewer(host, look), scheme: scheme() };
    }
    return stage.viewer;
  }

  function start(element) {
    var frame = element.closest(".structure");
    var state = { viewer: null, button: frame.querySelector(".structure-play"), playing: false, run: 0, frame: -1 };
    shown.set(element, state);
    afterFigures().then(function () {
      if (hasWebGL()) enterAndDraw(element, state, frame);
      else element.textContent = "This browser offers no WebGL: the structure is described in words below.";
    });
  }

  function enterAndDraw(element, state, frame) {
    load().then(nextFrame).then(function () {
      if (!element.isConnected) {
        return;
      }
      var viewer = enter(element);
      nextFrame().then(nextFrame).then(function () {
        if (!element.isConnected) {
          return;
        }
        state.viewer = viewer;
        listen(element, state, frame);
        follow(element, state);
        element.dataset.drawn = "true";
      });
    }, function () {
      element.textContent = "The viewer could not be loaded: the structure is described in words below.";
    });
  }

  // Takes over what the attributes say; the camera stays unless it is another structure.
  function follow(element, state) {
    if (!state.viewer) {
      return;
    }
    if (scheme() !== stage.scheme) {
      stage.scheme = scheme();
      state.viewer.setBackgroundColor(ground(element), 1);
    }
    var data = element.dataset, structure = data.structure, mode = data.mode || "null";
    state.speed = Number(data.speed) || 1;
    var look = [mode, data.amplitude, data.arrows].join();
    var another = structure !== state.structure;
    if (!another && look === state.look) {
      return;
    }
    state.structure = structure;
    state.look = look;
    state.amplitude = Number(data.amplitude);
    state.arrows = data.arrows === "true";
    state.scene = JSON.parse(structure);
    state.mode = JSON.parse(mode);
    if (another) {
      state.viewer.removeAllModels();
      state.viewer.removeAllShapes();
      resetView(element, state);
    }
    play(element, state, state.playing);
  }

  // A viewer starts when it comes near the window, which one in a closed tab does not.
  var near = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting && !shown.has(entry.target)) start(entry.target);
    });
  }, { rootMargin: "50%" });

  function sync() {
    document.querySelectorAll(".structure-viewer").forEach(function (element) {
      var state = shown.get(element);
      if (state) follow(element, state);
      else near.observe(element);
    });
  }

  new MutationObserver(sync).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true,
    attributeFilter: [
      "data-structure", "data-mode", "data-amplitude", "data-speed", "data-arrows", "data-mantine-color-scheme",
    ],
  });
})();
