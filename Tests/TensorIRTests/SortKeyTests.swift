import TensorIR
import Testing

/// Which comparators are read as comparisons of keys.
@Suite struct SortKeyTests {
  /// The ops of a sort of 100 floats and 100 integers by a comparator's text.
  private func ops(_ comparator: String) throws -> [Op] {
    let text = """
      func.func @main(%x: tensor<100xf32>, %y: tensor<100xi32>) -> (tensor<100xf32>, tensor<100xi32>) {
        %0:2 = "stablehlo.sort"(%x, %y) <{dimension = 0 : i64, is_stable = true}> ({
        ^bb0(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<i32>, %d: tensor<i32>):
          \(comparator)
          stablehlo.return %p : tensor<i1>
        }) : (tensor<100xf32>, tensor<100xi32>) -> (tensor<100xf32>, tensor<100xi32>)
        return %0#0, %0#1 : tensor<100xf32>, tensor<100xi32>
      }
      """
    return try Module(parsing: text, file: "sort.mlir").functions[0].operations.map(\.op)
  }

  @Test(arguments: [
    (
      "%p = stablehlo.compare LT, %a, %b, TOTALORDER : (tensor<f32>, tensor<f32>) -> tensor<i1>",
      [false]
    ),
    ("%p = stablehlo.compare GT, %b, %a : (tensor<f32>, tensor<f32>) -> tensor<i1>", [false]),
    ("%p = stablehlo.compare GE, %c, %d : (tensor<i32>, tensor<i32>) -> tensor<i1>", [true]),
    (
      """
      %1 = stablehlo.abs %a : tensor<f32>
      %2 = stablehlo.abs %b : tensor<f32>
      %p = stablehlo.compare GT, %1, %2 : (tensor<f32>, tensor<f32>) -> tensor<i1>
      """, [true]
    ),
    (
      """
      %1 = stablehlo.compare LT, %c, %d : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %2 = stablehlo.compare EQ, %d, %c : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %3 = stablehlo.compare GT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %p = stablehlo.select %2, %3, %1 : tensor<i1>, tensor<i1>
      """, [false, true]
    ),
    (
      """
      %1 = stablehlo.compare LT, %c, %d : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %2 = stablehlo.compare EQ, %c, %d : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %3 = stablehlo.compare GT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
      %4 = stablehlo.and %3, %2 : tensor<i1>
      %p = stablehlo.or %4, %1 : tensor<i1>
      """, [false, true]
    ),
  ])
  func keysAreFound(_ comparator: String, _ isDescending: [Bool]) throws {
    let orders = try ops(comparator).compactMap { op -> Ordering? in
      if case .order(let ordering) = op { ordering } else { nil }
    }
    #expect(orders == [Ordering(isDescending: isDescending, count: 100)])
  }

  /// Sides that are not alike, and ties of another key than the one before.
  @Test(arguments: [
    """
    %1 = stablehlo.negate %b : tensor<f32>
    %p = stablehlo.compare LT, %a, %1 : (tensor<f32>, tensor<f32>) -> tensor<i1>
    """,
    """
    %1 = stablehlo.compare LT, %c, %d : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %2 = stablehlo.compare EQ, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %3 = stablehlo.compare GT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
    %p = stablehlo.select %2, %3, %1 : tensor<i1>, tensor<i1>
    """,
    """
    %1 = stablehlo.add %a, %b : tensor<f32>
    %2 = stablehlo.constant dense<0.0> : tensor<f32>
    %p = stablehlo.compare LT, %1, %2 : (tensor<f32>, tensor<f32>) -> tensor<i1>
    """,
  ])
  func othersAreLeft(_ comparator: String) throws {
    let isOrder = try ops(comparator).contains { if case .order = $0 { true } else { false } }
    #expect(!isOrder)
  }
}
