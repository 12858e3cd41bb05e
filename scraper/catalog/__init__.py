"""Records of all pages to catalog.db.

statements, resolve   what pages state, to one value for each field; conflicts become findings   (pure)
history               runs in their order, to changes, withdrawals and corrections               (pure)
checks                rows that contradict each other, to findings                               (pure)
schema, write, aside  the tables and views; their rows; the file, built beside and swapped in
"""
