complete --keep-order --exclusive --command wxsell --arguments "(WXSELL_COMPLETE=fish wxsell -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
