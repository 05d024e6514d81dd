// The text of passages between complex numbers and their parts, and of Fourier transforms.

extension OperationDraft {
  /// The transform's attributes.
  mutating func fourierTransform() throws -> FourierTransform {
    let word = try attributes.word("fft_type")
    guard let kind = FourierTransform.Kind(rawValue: word) else {
      throw AdjointError(.syntax, "unknown transform \(word)", at: attributes.location)
    }
    return FourierTransform(kind, lengths: try attributes.integers("fft_length"))
  }
}

extension ModuleParser {
  /// Reads `%x, type = FFT, length = [4]`.
  mutating func fourierForm(of draft: inout OperationDraft, in body: inout BodyParser) throws {
    try operands(1, of: &draft, in: &body)
    try cursor.expect(",")
    try cursor.expect(word: "type")
    try cursor.expect("=")
    try draft.attributes.add("fft_type", .word(try cursor.expectWord("a transform")))
    try cursor.expect(",")
    try integers("length", as: "fft_length", of: &draft)
  }
}

extension FunctionPrinter {
  /// Writes `stablehlo.complex %re, %im : type of the result`, and the others as any op.
  mutating func writeComplex(_ op: ComplexOp, _ operation: Operation) {
    switch op {
    case .make: text += "\(op.rawValue) \(list(operation.operands)) : \(types(operation.results))"
    case .real, .imaginary: write(op.rawValue, operation)
    case .conjugate: writeElementwise(op.rawValue, operation)
    }
  }

  /// Writes `stablehlo.fft %x, type = FFT, length = [4] : …`.
  mutating func writeFourier(_ transform: FourierTransform, _ operation: Operation) {
    let words = ", type = \(transform.kind.rawValue), length = \(transform.lengths)"
    write(operation.op.mnemonic, operation, words)
  }
}
