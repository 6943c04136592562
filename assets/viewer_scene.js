// How `viewer.js` draws the scene of a `.structure-viewer` with 3Dmol.js: atoms, octahedra, bonds, the box and the arrows
// of a mode, and how its camera stands. `state` has the scene, the mode, its amplitude in Å, and whether arrows show it.
(function () {
  "use strict";
  var ARROW = 1.7, LEAST = 0.1;

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

  window.structureScene = { draw: draw, resetView: resetView, turned: turned };
})();
