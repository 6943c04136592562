"""Tables to Markdown: findings, distilled potentials, regressions, audits."""
