# Drivers: what examples/demo runs here.
about="Made-up trips of 667 drivers in 12 city branches"
generator=mutual-demo-drivers
one=branch nodes=12 least=4 most=12
studies=(pay waiting share)
table() { printf '[tables.trips]\nfile = "../data/%s.csv"\n' "$1"; }
expected="In the generator an engaged hour pays about £22.5 before and £18.9 after dynamic pricing. When waiting counts as work, the
same trips pay about £13.5 and £9.9 for an hour: that is why the definitions are voted on with the study file."
wrong=count-twice found=CLOSE
