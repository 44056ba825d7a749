"""The pages of the auth host: what a person sees. They decide nothing that `consent`, `login` and the stores do not."""
