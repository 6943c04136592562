"""The page Error sources: forces, Hessian or sampling."""
