// The table of compounds: drawn from what the server sends, a page of rows in the order of a column. What is asked for
// next, another order or another page, is written into the store `compounds-place`.
(function () {
  "use strict";

  function element(name, attributes, content) {
    var made = document.createElement(name);
    Object.keys(attributes).forEach(function (key) {
      if (attributes[key] || attributes[key] === 0) made.setAttribute(key, attributes[key]);
    });
    made.append.apply(made, [].concat(content === undefined ? [] : content));
    return made;
  }

  function formula(text) {
    return text.split(/(\d+)/).map(function (part, index) { return index % 2 ? element("sub", {}, part) : part; });
  }

  // By column, whether it is the first of its group.
  function starts(groups) {
    return groups.flatMap(function (group, place) {
      return group.columns.map(function (column, index) { return place > 0 && index === 0 ? "starts-group " : ""; });
    });
  }

  function groupHead(group, place) {
    var attributes = { colspan: group.columns.length, title: group.title, class: place ? "starts-group" : "" };
    if (!group.name) return element("td", attributes);
    return element("th", Object.assign(attributes, { scope: "colgroup" }), element("span", {}, group.name));
  }

  function head(column, start, sort) {
    var direction = { asc: "ascending", desc: "descending" }[sort[0] === column.id ? sort[1] : ""];
    var button = element("button", { type: "button", "data-sort": column.id }, column.name);
    return element("th", { scope: "col", title: column.title, class: start + column.kind, "aria-sort": direction }, button);
  }

  function row(record, columns, start) {
    return element("tr", {}, record.cells.map(function (cell, index) {
      var text = Array.isArray(cell) ? cell[0] : cell;
      if (index === 0) return element("th", { scope: "row" }, element("a", { href: record.href }, formula(text)));
      var kind = columns[index].kind;
      var mark = Array.isArray(cell) ? " " + cell[1] : "";
      return element("td", { class: start[index] + kind + mark, title: kind === "reason" ? text : "" }, text);
    }));
  }

  function pager(data) {
    var pages = { First: 1, Previous: data.page - 1, Next: data.page + 1, Last: data.pages };
    return Object.keys(pages).map(function (name) {
      var useless = pages[name] < 1 || pages[name] > data.pages || pages[name] === data.page;
      var attributes = { type: "button", "data-go": name, "data-page": pages[name], disabled: useless && "disabled" };
      return element("button", attributes, name);
    });
  }

  // What finds the button that has the focus once all are drawn anew.
  function focused() {
    var held = document.activeElement.dataset;
    return held.sort ? '[data-sort="' + held.sort + '"]' : held.go ? '[data-go="' + held.go + '"]' : null;
  }

  var shown = null; // what is drawn

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.compoundsTable = {
    // Draws; what it returns says which rows these are.
    draw: function (data, id) {
      var box = document.getElementById(id);
      if (!box || !data) return window.dash_clientside.no_update;
      var columns = data.groups.flatMap(function (group) { return group.columns; });
      var start = starts(data.groups);
      var held = focused();
      shown = data;
      box.replaceChildren(element("table", {}, [
        element("thead", {}, [
          element("tr", {}, data.groups.map(groupHead)),
          element("tr", {}, columns.map(function (column, index) { return head(column, start[index], data.sort); })),
        ]),
        element("tbody", {}, data.rows.map(function (record) { return row(record, columns, start); })),
      ]));
      box.style.minHeight = "";
      box.scrollTop = 0;
      var nav = box.parentNode.querySelector("nav");
      nav.replaceChildren.apply(nav, data.pages > 1 ? pager(data) : []);
      var again = held && box.parentNode.querySelector(held);
      if (again) again.focus({ preventScroll: true });
      return data.range;
    },
  };

  function ask(sort, page) {
    window.dash_clientside.set_props("compounds-place", { data: { sort: sort, page: page } });
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest(".compounds [data-sort], .pager [data-page]") : null;
    if (!button) return;
    if (button.dataset.page) return ask(shown.sort.join("."), Number(button.dataset.page));
    var again = button.closest("th").getAttribute("aria-sort") === "ascending";
    ask(button.dataset.sort + (again ? ".desc" : ".asc"), 1);
  });
})();
