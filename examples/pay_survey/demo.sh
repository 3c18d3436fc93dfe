# Pay survey: what examples/demo runs here.
about="Made-up answers of 10,147 members in 40 branches, in LimeSurvey's codes"
generator=mutual-demo-pay-survey
one=branch nodes=20 least=20 most=40
studies=(mean medians gap grades)
# The section that this folder's page tells people to copy.
table() { sed -n '/^```toml$/,/^```$/p' examples/pay_survey/README.md | grep -v '^```' | sed "s|branch-01.csv|../data/$1.csv|"; }
expected="In the generator the full-time medians are about £19.2 for men and £17.7 for women. Women earn about 10 % less, and about
4 % less in the same grade and working time."
wrong=fork found=FORK
