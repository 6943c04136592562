// A table of class "sortable": a click on the head of a column orders its rows by it; again, the other way round.
(function () {
  "use strict";

  function value(row, column) {
    var cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  }

  // Numbers before words, and what has no number last whichever way.
  function compare(one, two, sign) {
    var numbers = [typeof one === "number", typeof two === "number"];
    if (numbers[0] && numbers[1]) return sign * (one - two);
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    return sign * one.localeCompare(two);
  }

  function sort(head) {
    var table = head.closest("table");
    var body = table.tBodies[0];
    var column = head.cellIndex;
    var ascending = head.getAttribute("aria-sort") !== "ascending";
    var rows = Array.from(body.rows);
    rows.sort(function (a, b) { return compare(value(a, column), value(b, column), ascending ? 1 : -1); });
    table.querySelectorAll("[aria-sort]").forEach(function (other) { other.removeAttribute("aria-sort"); });
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    rows.forEach(function (row) { body.appendChild(row); });
  }

  function headAt(event) {
    var head = event.target.closest && event.target.closest("table.sortable thead tr:last-child th");
    return head || null;
  }

  document.addEventListener("click", function (event) {
    var head = headAt(event);
    if (head) sort(head);
  });
  document.addEventListener("keydown", function (event) {
    var head = event.key === "Enter" || event.key === " " ? headAt(event) : null;
    if (!head) return;
    event.preventDefault();
    sort(head);
  });
})();
