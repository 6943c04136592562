"""The page Anharmonicity: σ of potentials beside that of DFT."""
