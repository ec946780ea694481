"""From a failing run to a finding: confirmed, shrunk, labelled with its weakest order, narrated."""
