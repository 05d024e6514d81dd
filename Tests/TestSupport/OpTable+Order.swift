import TensorIR

/// Orders by one key and by several, rising and falling, of rows that are counted and of rows that are
/// sorted, whole and in part.
let orderRows: [OpRow] = [
  orderRow("order rising", [false], [[5], [20], [3, 70], [2, 16], [1], [0], [0, 3], [2, 0]]),
  orderRow("order falling", [true], [[5], [90], [2, 2, 33]]),
  orderRow("order by two keys", [false, true], [[9], [60], [2, 70], [0]]),
  orderRow("first of an order", [true], count: 3, [[5], [100], [4, 30]]),
  orderRow("first of an order by two keys", [true, false], count: 2, [[7], [80]]),
]

private func orderRow(
  _ name: String, _ isDescending: [Bool], count: Int? = nil, _ shapes: [[Int]]
) -> OpRow {
  OpRow(
    name, ElementType.everyNumber + [.i1], values: [.lattice(step: 0.5, shift: 0)],
    derivative: .none("integer result"),
    variants: shapes.map { shape in
      let ordering = Ordering(isDescending: isDescending, count: count ?? shape.last ?? 0)
      return OpVariant(.order(ordering), shapes: isDescending.map { _ in shape })
    })
}
