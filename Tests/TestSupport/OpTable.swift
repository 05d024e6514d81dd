import TensorIR

/// The op test table: at least one row for every form of every op.
package let opTable: [OpRow] =
  constantRows + UnaryOp.allCases.map(unaryRow) + BinaryOp.allCases.map(binaryRow)
  + Comparison.Direction.allCases.map(compareRow) + choiceRows + convertRows + bitsRows
  + totalOrderRows + shapeRows
  + reductionRows + dotRows + convolutionRows + windowRows + gatherRows + scatterRows + complexRows
  + fourierRows
  + matrixRows + orderRows

/// Every row of the table with every element type and shape variant.
package let opCases: [OpCase] = opTable.flatMap(\.cases)

extension ElementType {
  /// The types that can be differentiated.
  package static let floats: [ElementType] = [.f32, .f64]
  /// The integers of more than one bit.
  package static let integers: [ElementType] = [.i32, .i64]
  /// The floats that are computed with in f32.
  package static let shortFloats: [ElementType] = [.f16, .bf16]
  /// The integers that are not among `integers`.
  package static let otherIntegers: [ElementType] = [
    .i4, .i8, .i16, .u4, .u8, .u16, .u32, .u64,
  ]
  /// All floats.
  package static let everyFloat = floats + shortFloats
  /// The types of rows whose ops move or combine elements.
  package static let samples: [ElementType] = everyNumber + [.i1]
  /// Integers that others stand for: they run with a row's first variant and its last.
  package static let rareIntegers: [ElementType] = [.i4, .i8, .u4, .u16, .u32]
  /// The complex types.
  package static let complexNumbers: [ElementType] = [.c64, .c128]
  /// The types of rows whose ops need no order among elements.
  package static let samplesAndComplex = samples + complexNumbers
  /// All types but booleans and complex numbers.
  package static let everyNumber: [ElementType] =
    floats + shortFloats + integers + otherIntegers
  /// All types but booleans and unsigned integers.
  package static let everySigned: [ElementType] = everyNumber.filter { $0.kind != .unsigned }
  /// The types most rows run with.
  package static let numbers: [ElementType] = [.f32, .f64, .i32, .i64]
  /// Booleans and integers.
  package static let bits: [ElementType] = [.i1] + integers + otherIntegers
}

/// Which form of which op an operation is, as far as the table must tell forms apart.
extension Op {
  package var form: String {
    switch self {
    case .fft(let transform): "\(mnemonic) \(transform.kind.rawValue)"
    case .constant, .iota, .unary, .binary, .select, .clamp, .convert, .bits, .complex, .shape,
      .dot,
      .convolution, .gather,
      .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier,
      .whileLoop,
      .branch, .scan, .custom,
      .call:
      mnemonic
    case .compare(let comparison): "\(mnemonic) \(comparison.direction.rawValue)"
    case .reduce(let reduction): "\(mnemonic) \(reduction.kind.rawValue)"
    case .window(.reduce(let kind, _)): "\(mnemonic) \(kind.rawValue)"
    case .window: mnemonic
    case .scatter(let dimensions): "\(mnemonic) \(dimensions.combination.rawValue)"
    }
  }

  /// All forms but calls, which are not computed by an op.
  package static let allForms: [String] =
    ["stablehlo.constant", "stablehlo.iota"] + UnaryOp.allCases.map(\.rawValue)
    + BinaryOp.allCases.map(\.rawValue)
    + Comparison.Direction.allCases.map { Op.compare(Comparison($0)).form }
    + ["stablehlo.select", "stablehlo.clamp", "stablehlo.convert"]
    + ["stablehlo.bitcast_convert", "stablehlo.reduce_precision"]
    + ComplexOp.allCases.map(\.rawValue)
    + FourierTransform.Kind.allCases.map { "stablehlo.fft " + $0.rawValue }
    + ["broadcast_in_dim", "reshape", "transpose", "slice", "pad", "concatenate", "reverse"].map {
      "stablehlo." + $0
    }
    + Reduction.Kind.allCases.map { Op.reduce(Reduction($0, dimensions: [])).form }
    + Reduction.Kind.allCases.map {
      Op.window(.reduce($0, Windows(extents: []))).form
    }
    + ["adjoint.window_place", "adjoint.window_collect", "adjoint.window_scatter"]
    + ["stablehlo.dot_general", "stablehlo.convolution", "stablehlo.gather"]
    + ScatterDimensions.Combination.allCases.map { "stablehlo.scatter " + $0.rawValue }
    + [
      "cholesky", "lu", "householder", "reflectors", "eigh", "svd", "eig", "schur", "hessenberg",
      "tridiagonalize", "tridiagonal_solve",
    ].map { "adjoint." + $0 } + ["stablehlo.triangular_solve"] + ["adjoint.order"]
}

extension OpRow {
  /// The form of the op that gives the row's result.
  package func form() throws -> String {
    let function = try function(element: elements[0], shapeVariant: 0)
    return function.operations[function.operations.count - 1].op.form
  }
}
