"use strict";
// What the figures here draw: plotly.js with its traces scatter, which is part of the core, and heatmap.
var Plotly = require("plotly.js/lib/core");
Plotly.register(require("plotly.js/lib/heatmap"));
module.exports = Plotly;
