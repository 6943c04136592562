"""Pure functions of arrays to Plotly figures."""
