import Adjoint

/// Programs of any size, as text.
enum ScalingProgram: String, CaseIterable {
  case rowSums = "sums of rows"
  case squaredNorm = "gradients of a squared norm"
  case constantProducts = "products with a constant"
  case concatenation = "concatenated pieces"
  case recurrent = "steps of a recurrent network, gradients"
  case residual = "residual layers, gradients"

  /// The sizes that are timed.
  var sizes: [Int] {
    switch self {
    case .rowSums: [50, 100, 200, 400]
    case .squaredNorm: [100, 200, 400, 800]
    case .constantProducts: [10, 20, 40, 80]
    case .concatenation: [500, 1000, 2000, 4000]
    case .recurrent: [10, 20, 40, 80]
    case .residual: [6, 12, 24, 48]
    }
  }

  /// The arguments to differentiate with respect to in the program of a size.
  func differentiated(_ size: Int) -> [Int] {
    switch self {
    case .rowSums, .constantProducts, .concatenation: []
    case .squaredNorm: Array(0..<size)
    case .recurrent: [1, 2]
    case .residual: Array(1...size)
    }
  }

  /// The program of a size.
  func text(_ size: Int) -> String {
    switch self {
    case .rowSums: rowSumsText(size)
    case .squaredNorm: squaredNormText(size)
    case .constantProducts: constantProductsText(size)
    case .concatenation: concatenationText(size)
    case .recurrent: recurrentText(size)
    case .residual: residualText(size)
    }
  }
}

/// Prints how long planning takes as programs grow, least of five compilations.
func measurePlanning() throws {
  for program in ScalingProgram.allCases {
    print("milliseconds to plan: \(program.rawValue)")
    var before: Double?
    for size in program.sizes {
      let parsed = try Program(parsing: program.text(size), file: program.rawValue)
      let arguments = program.differentiated(size)
      var least = Double.infinity
      for _ in 0..<5 {
        let compiled = try parsed.compile(
          transform: arguments.isEmpty ? .none : .gradient(arguments))
        least = min(least, compiled.report.planMilliseconds)
      }
      let growth = before.map { ", \(hundredths(least / $0)) times the one before" } ?? ""
      print("  \(size): \(hundredths(least))\(growth)")
      before = least
    }
  }
}

/// A number rounded to hundredths.
private func hundredths(_ number: Double) -> Double { (number * 100).rounded() / 100 }

// MARK: - Texts

/// A function with parameters of the given types.
private func function(
  _ parameters: [String], returning results: [(name: String, type: String)], _ body: [String]
) -> String {
  let list = parameters.enumerated().map { "%a\($0): \($1)" }.joined(separator: ", ")
  let types = results.map(\.type).joined(separator: ", ")
  let names = results.map(\.name).joined(separator: ", ")
  return """
    func.func @main(\(list)) -> (\(types)) {
      %zero = stablehlo.constant dense<0.0> : tensor<f32>
    \(body.map { "  \($0)\n" }.joined())
      return \(names) : \(types)
    }
    """
}

private func sum(_ name: String, of value: String, _ type: String, axes: String, _ result: String)
  -> String
{
  "\(name) = stablehlo.reduce(\(value) init: %zero) applies stablehlo.add across dimensions = "
    + "[\(axes)] : (\(type), tensor<f32>) -> \(result)"
}

private func product(
  _ name: String, _ left: String, _ right: String, _ types: (String, String, String)
) -> String {
  "\(name) = stablehlo.dot_general \(left), \(right), contracting_dims = [1] x [0] : "
    + "(\(types.0), \(types.1)) -> \(types.2)"
}

private func rowSumsText(_ size: Int) -> String {
  let type = "tensor<64x128xf32>"
  return function(
    Array(repeating: type, count: size),
    returning: (0..<size).map { ("%r\($0)", "tensor<64xf32>") },
    (0..<size).map { sum("%r\($0)", of: "%a\($0)", type, axes: "1", "tensor<64xf32>") })
}

private func squaredNormText(_ size: Int) -> String {
  let type = "tensor<32x16xf32>"
  var body = [String]()
  var total = "%zero"
  for number in 0..<size {
    body += [
      "%m\(number) = stablehlo.multiply %a\(number), %a\(number) : \(type)",
      sum("%r\(number)", of: "%m\(number)", type, axes: "0, 1", "tensor<f32>"),
      "%s\(number) = stablehlo.add \(total), %r\(number) : tensor<f32>",
    ]
    total = "%s\(number)"
  }
  return function(
    Array(repeating: type, count: size), returning: [(total, "tensor<f32>")], body)
}

private func constantProductsText(_ size: Int) -> String {
  let (argument, constant) = ("tensor<8x256xf32>", "tensor<256x512xf32>")
  let digits = Array("0123456789ABCDEF")
  let bytes = (0..<(256 * 512)).map { number in
    "\(digits[number % 16])\(digits[number / 16 % 16])\(digits[number / 256 % 16])0803E"
  }
  return function(
    Array(repeating: argument, count: size),
    returning: (0..<size).map { ("%r\($0)", "tensor<8x512xf32>") },
    ["%c = stablehlo.constant dense<\"0x\(bytes.joined())\"> : \(constant)"]
      + (0..<size).map {
        product("%r\($0)", "%a\($0)", "%c", (argument, constant, "tensor<8x512xf32>"))
      })
}

private func concatenationText(_ size: Int) -> String {
  let type = "tensor<16xf32>"
  let names = (0..<size).map { "%a\($0)" }.joined(separator: ", ")
  let types = Array(repeating: type, count: size)
  let result = "tensor<\(16 * size)xf32>"
  return function(
    types, returning: [("%r", result)],
    [
      "%r = stablehlo.concatenate \(names), dim = 0 : (\(types.joined(separator: ", "))) -> "
        + result
    ])
}

private func recurrentText(_ size: Int) -> String {
  let (state, weights) = ("tensor<16x32xf32>", "tensor<32x32xf32>")
  var body = [String]()
  var last = "%a0"
  for step in 0..<size {
    body += [
      product("%p\(step)", "%a\(step + 3)", "%a1", (state, weights, state)),
      product("%q\(step)", last, "%a2", (state, weights, state)),
      "%r\(step) = stablehlo.add %p\(step), %q\(step) : \(state)",
      "%h\(step) = stablehlo.tanh %r\(step) : \(state)",
    ]
    last = "%h\(step)"
  }
  body += [
    "%square = stablehlo.multiply \(last), \(last) : \(state)",
    sum("%loss", of: "%square", state, axes: "0, 1", "tensor<f32>"),
  ]
  return function(
    [state, weights, weights] + Array(repeating: state, count: size),
    returning: [("%loss", "tensor<f32>")], body)
}

private func residualText(_ size: Int) -> String {
  let (state, weights) = ("tensor<64x64xf32>", "tensor<64x64xf32>")
  let row = "tensor<64xf32>"
  var body = [String]()
  var last = "%a0"
  for layer in 0..<size {
    body += [
      "%d\(layer) = stablehlo.multiply \(last), \(last) : \(state)",
      sum("%s\(layer)", of: "%d\(layer)", state, axes: "1", row),
      "%t\(layer) = stablehlo.rsqrt %s\(layer) : \(row)",
      "%b\(layer) = stablehlo.broadcast_in_dim %t\(layer), dims = [0] : (\(row)) -> \(state)",
      "%n\(layer) = stablehlo.multiply \(last), %b\(layer) : \(state)",
      product("%p\(layer)", "%n\(layer)", "%a\(layer + 1)", (state, weights, state)),
      "%h\(layer) = stablehlo.tanh %p\(layer) : \(state)",
      "%x\(layer) = stablehlo.add \(last), %h\(layer) : \(state)",
    ]
    last = "%x\(layer)"
  }
  body += [sum("%loss", of: last, state, axes: "0, 1", "tensor<f32>")]
  return function(
    [state] + Array(repeating: weights, count: size), returning: [("%loss", "tensor<f32>")], body)
}
