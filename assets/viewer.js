// Draws `.structure-viewer` elements with 3Dmol.js, which is loaded when the first one appears. `data-structure` holds
// the scene and `data-mode` the pattern of a phonon, both as JSON; `data-amplitude` is the displacement in Å of the atom
// that moves most, `data-speed` how fast it does, `data-arrows` whether arrows show it. All may change while the element
// stays. Two viewers in one `.structure` are held against each other: the second follows what the first one says of how
// it moves, both move in step, and turning one turns the other.
(function () {
  "use strict";
  var SOURCE = new URL("vendor/3dmol/3Dmol-min.js", document.currentScript.src).href;
  var FRAMES = 20, MILLISECONDS = 80, LONGEST_WAIT = 1500;
  var shown = new WeakMap();
  var loading = null;
  var stages = [];

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

  // Translucent faces need an opaque ground: that of the page.
  function ground(element) {
    var channels = getComputedStyle(element).backgroundColor.match(/\d+/g).slice(0, 3).map(Number);
    return (channels[0] << 16) | (channels[1] << 8) | channels[2];
  }

  function viewersOf(frame) {
    return Array.from(frame.querySelectorAll(".structure-viewer"));
  }

  function playing(frame) {
    return frame.dataset.playing === "true";
  }

  function label(frame, ready) {
    var button = frame.querySelector(".structure-play"), on = playing(frame);
    button.disabled = !ready;
    if (still()) {
      button.textContent = on ? "Show at rest" : "Show displaced";
    } else {
      button.textContent = on ? "Pause mode" : "Play mode";
    }
    button.setAttribute("aria-pressed", String(on));
  }

  function tick(element, state, run, time) {
    if (!element.isConnected || !state.playing || state.run !== run) {
      return;
    }
    var frame = Math.floor((time * state.speed) / MILLISECONDS) % FRAMES;
    if (frame !== state.frame) {
      state.frame = frame;
      window.structureScene.draw(state, frame / FRAMES);
      element.dataset.frame = String(frame);
    }
    requestAnimationFrame(function (next) { tick(element, state, run, next); });
  }

  function play(element, state, on) {
    state.playing = on && Boolean(state.mode);
    state.run += 1;
    if (!state.playing) {
      delete element.dataset.frame;
      window.structureScene.draw(state, null);
    } else if (still()) {
      element.dataset.frame = "0";
      window.structureScene.draw(state, 0);
    } else {
      var run = state.run;
      requestAnimationFrame(function (time) { tick(element, state, run, time); });
    }
  }

  var TURNS = { ArrowLeft: [-8, "y"], ArrowRight: [8, "y"], ArrowUp: [-8, "x"], ArrowDown: [8, "x"] };

  document.addEventListener("click", function (event) {
    var frame = event.target.closest(".structure");
    if (frame && event.target.closest(".structure-play")) {
      frame.dataset.playing = String(!playing(frame));
      sync();
    } else if (frame && event.target.closest(".structure-reset")) {
      viewersOf(frame).forEach(function (element) {
        if (shown.get(element).viewer) window.structureScene.resetView(element, shown.get(element));
      });
    }
  });

  function listen(element, state) {
    element.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      if (TURNS[event.key]) {
        var turn = TURNS[event.key];
        state.viewer.setView(window.structureScene.turned(state.viewer.getView(), turn[0], turn[1]));
      } else if (event.key === "+" || event.key === "=" || event.key === "-") {
        state.viewer.zoom(event.key === "-" ? 0.9 : 1.1);
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  // One viewer for all pages, moved from element to element, and another for a second one beside it: a browser keeps only
  // a few WebGL contexts.
  function enter(element, place) {
    if (stages[place]) {
      element.appendChild(stages[place].host);
      stages[place].viewer.resize();
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
      stages[place] = { host: host, viewer: window.$3Dmol.createViewer(host, look), scheme: scheme() };
    }
    return stages[place];
  }

  // Turning one of the viewers of `frame` turns the other; one that stands alone turns nothing.
  function link(frame) {
    var here = stages.filter(function (stage) { return frame.contains(stage.host); });
    here.forEach(function (stage) {
      stage.viewer.linkedViewers = here.filter(function (other) { return other !== stage; })
        .map(function (other) { return other.viewer; });
    });
  }

  function start(element) {
    var frame = element.closest(".structure");
    var state = { viewer: null, stage: null, playing: false, run: 0, frame: -1 };
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
      var stage = enter(element, viewersOf(frame).indexOf(element));
      nextFrame().then(nextFrame).then(function () {
        if (!element.isConnected) {
          return;
        }
        state.viewer = stage.viewer;
        state.stage = stage;
        listen(element, state);
        link(frame);
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
    if (scheme() !== state.stage.scheme) {
      state.stage.scheme = scheme();
      state.viewer.setBackgroundColor(ground(element), 1);
    }
    var frame = element.closest(".structure"), lead = viewersOf(frame)[0].dataset;
    var structure = element.dataset.structure, mode = element.dataset.mode || "null";
    state.speed = Number(lead.speed) || 1;
    var look = [mode, lead.amplitude, lead.arrows, playing(frame)].join();
    var another = structure !== state.structure;
    if (!another && look === state.look) {
      return;
    }
    state.structure = structure;
    state.look = look;
    state.amplitude = Number(lead.amplitude);
    state.arrows = lead.arrows === "true";
    state.scene = JSON.parse(structure);
    state.mode = JSON.parse(mode);
    if (another) {
      state.viewer.removeAllModels();
      state.viewer.removeAllShapes();
      window.structureScene.resetView(element, state);
    }
    label(frame, Boolean(state.mode));
    play(element, state, playing(frame));
  }

  // A viewer starts when it comes into the window, as its library is a sixth of the page; one in a closed tab does not.
  var near = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting && !shown.has(entry.target)) start(entry.target);
    });
  });

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
