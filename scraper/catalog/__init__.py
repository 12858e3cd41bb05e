"""Records of all pages to tables: reconcile what pages say, follow it through time, write it aside, swap it in.

reconcile   what all pages say tonight, the disagreements as findings      (pure)
timeline    what that means after last night: changes, withdrawals, plans  (pure, folded run by run)
meaning     the columns that follow by the rules of design.md section 6    (pure)
tables      the catalog, built aside and swapped in
"""
