// What every figure offers: SVG, PNG, and the table of what it draws. The buttons are in the page; one listener serves all.
(function () {
  "use strict";

  var SHOWN = 2000; // rows in the dialog; the file has all
  var WHITE = { paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };

  function plain(text) {
    var holder = document.createElement("div");
    holder.innerHTML = String(text === undefined || text === null ? "" : text).replace(/<br\s*\/?>/g, " ");
    return holder.textContent.trim();
  }

  function slug(text) {
    return "softmode-" + text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);
  }

  function save(name, href) {
    var link = document.createElement("a");
    link.download = name;
    link.href = href;
    document.body.appendChild(link);
    link.click();
    link.remove();
  }

  function image(graph, name, format) {
    var figure = { data: graph.data, layout: Object.assign({}, graph.layout, WHITE), config: graph._context };
    var size = { format: format, width: graph.clientWidth, height: graph.clientHeight, scale: format === "png" ? 2 : 1 };
    window.Plotly.toImage(figure, size).then(function (uri) {
      save(name + "." + format, uri);
    });
  }

  function axisTitle(layout, trace, letter) {
    var axis = layout[(trace[letter + "axis"] || letter).replace(/^([xy])/, "$1axis")] || {};
    return plain(axis.title && axis.title.text) || letter;
  }

  function value(list, index) {
    var found = list ? list[index] : null;
    return Array.isArray(found) ? found.join(" ") : found;
  }

  // Header and rows of everything that a figure draws, in the order of its traces.
  function content(graph) {
    var rows = [];
    var titles = { x: new Set(), y: new Set(), z: new Set() };
    var extra = { error: false, label: false };
    graph._fullData.forEach(function (trace) {
      var name = plain(trace.showlegend === false && /^trace \d+$/.test(trace.name) ? "" : trace.name);
      if (!trace.x && !trace.y && !trace.z) return;
      if (trace.hoverinfo === "skip" && trace.mode !== "lines") return;
      titles.x.add(axisTitle(graph._fullLayout, trace, "x"));
      titles.y.add(axisTitle(graph._fullLayout, trace, "y"));
      if (trace.z) {
        var colour = trace.colorbar && trace.colorbar.title && plain(trace.colorbar.title.text);
        titles.z.add(colour || "value");
        for (var i = 0; i < trace.z.length; i++) {
          for (var j = 0; j < trace.z[i].length; j++) {
            var z = trace.z[i][j];
            if (z === null || z === undefined || Number.isNaN(z)) continue;
            var count = trace.customdata && trace.customdata[i] ? value(trace.customdata[i], j) : z;
            rows.push([name, trace.x ? trace.x[j] : j, trace.y ? trace.y[i] : i, count, "", ""]);
          }
        }
        return;
      }
      var error = trace.error_y && trace.error_y.visible ? trace.error_y : trace.error_x && trace.error_x.visible ? trace.error_x : null;
      var length = Math.max((trace.x || []).length, (trace.y || []).length);
      for (var k = 0; k < length; k++) {
        var label = value(trace.customdata, k);
        if (label === null || label === undefined) label = Array.isArray(trace.text) ? trace.text[k] : "";
        var spread = error && error.array ? error.array[k] : "";
        extra.error = extra.error || spread !== "";
        extra.label = extra.label || Boolean(label);
        rows.push([name, value(trace.x, k), value(trace.y, k), "", spread, plain(label)]);
      }
    });
    function joined(set) {
      return Array.from(set).join(" / ");
    }
    var head = ["series", joined(titles.x), joined(titles.y), joined(titles.z), "error", "label"];
    var keep = [rows.some(function (r) { return r[0]; }), true, true, titles.z.size > 0, extra.error, extra.label];
    function kept(row) {
      return row.filter(function (_, index) { return keep[index]; });
    }
    return { head: kept(head), rows: rows.map(kept) };
  }

  function shown(cell) {
    return typeof cell === "number" ? String(Number(cell.toPrecision(5))).replace("-", "\u2212") : cell === null || cell === undefined ? "" : String(cell);
  }

  function csv(table) {
    function quoted(cell) {
      var text = cell === null || cell === undefined ? "" : String(cell);
      return /[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
    }
    return [table.head].concat(table.rows).map(function (row) { return row.map(quoted).join(","); }).join("\n") + "\n";
  }

  function element(tag, text, attributes) {
    var node = document.createElement(tag);
    if (text !== null) node.textContent = text;
    Object.keys(attributes || {}).forEach(function (key) { node.setAttribute(key, attributes[key]); });
    return node;
  }

  function dialog(graph, label, name) {
    var table = content(graph);
    var box = element("dialog", null, { class: "figure-table", "aria-label": label });
    var bar = element("div", null, { class: "figure-table-bar" });
    var file = element("button", "Download CSV", { type: "button" });
    var close = element("button", "Close", { type: "button" });
    file.addEventListener("click", function () {
      var address = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      save(name + ".csv", address);
      URL.revokeObjectURL(address);
    });
    close.addEventListener("click", function () { box.close(); });
    box.addEventListener("close", function () { box.remove(); });
    bar.append(element("strong", label), file, close);
    var grid = element("table", null, {});
    var cut = table.rows.length > SHOWN ? "; the first " + SHOWN.toLocaleString("en") + " are listed, the file has all" : "";
    grid.append(element("caption", table.rows.length.toLocaleString("en") + " rows" + cut));
    var head = grid.createTHead().insertRow();
    table.head.forEach(function (title) { head.append(element("th", title, { scope: "col" })); });
    var body = grid.createTBody();
    table.rows.slice(0, SHOWN).forEach(function (row) {
      var line = body.insertRow();
      row.forEach(function (cell) { line.insertCell().textContent = shown(cell); });
    });
    var scroll = element("div", null, { class: "table-scroll", tabindex: "0" });
    scroll.append(grid);
    box.append(bar, scroll);
    document.body.append(box);
    box.showModal();
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("button[data-figure]");
    if (!button) return;
    var figure = button.closest("figure");
    var graph = figure.querySelector(".js-plotly-plot");
    if (!graph) return;
    var label = figure.querySelector(".graph").getAttribute("aria-label") || "figure";
    if (button.dataset.figure === "table") dialog(graph, label, slug(label));
    else image(graph, slug(label), button.dataset.figure);
  });
})();
