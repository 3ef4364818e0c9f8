"""The demo: a real year of grocery orders through the shop. `python -m examples.shop.demo`, or `make demo`.

`dataset` turns receipts into commands, `replay` sends them, `progress` shows how far it is, `check` compares every view
with what pandas computes from the same files, `report` prints the figures. pandas, pyarrow, rich and the data are the
extra `demo`.

`ordinary_day` is another one, for the dashboard: a day in a made-up `town`, with some `troubles`, without end.
`make top` shows it; it needs no data.
"""
