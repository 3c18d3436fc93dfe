# Warehouses: what examples/demo runs here.
about="A made-up year of 7,350 workers at 20 warehouses"
generator=mutual-demo-warehouses
one=site nodes=20 least=15 most=20
studies=(injuries tenure quota)
refused=(by_site three_sites)
table() { printf '[tables.months]\nfile = "../data/%s.csv"\n' "$1"; }
expected="In the generator about 7.0 workers in 100 full-time years are hurt at large sites and 3.8 at others; in their first month
2.6 times as many as after half a year; and each tenth more of quota raises the rate by about 29 %."
wrong=understate found=EPSILON
