"""The damage laboratory: pages damaged at random, and what the catalog then says (docs/trust.md)."""
