import TensorIR

// Zeros that a choice behind a loop makes.
//
// Where lanes of tensors iterate until the last one is done, as series and continued fractions are
// written, a choice behind the loop takes the lanes that it is meant for. In the others the loop's
// start and steps may be infinite or NaN; their cotangents are zero when they enter the transposed
// loop, and are made zero again when they leave it.

extension ReversePass {
  /// Where cotangents of a loop's results differ from zero, a tensor of booleans; nil if choices do not
  /// say so for all of them, or a step does more than to compute each element from those at its place.
  mutating func lanesChosen(_ cotangents: [ValueID?], of step: Region) throws -> ValueID? {
    let choices = cotangents.compactMap { $0 }.map { self.choices(of: $0) }
    guard let first = choices.first, !choices.contains(where: \.isEmpty),
      step.isElementwiseOnFloats
    else { return nil }
    let shape = builder[first[0].predicate].shape
    let lanes = choices.joined().allSatisfy { builder[$0.predicate].shape == shape }
    guard lanes, !shape.isEmpty else { return nil }
    var total: ValueID?
    for choices in Set(choices) {
      var kept: ValueID?
      for choice in choices {
        let holds =
          choice.isKeptWhereTrue
          ? choice.predicate : try builder.unary(.not, choice.predicate)
        kept = try kept.map { try builder.binary(.and, $0, holds) } ?? holds
      }
      guard let kept else { return nil }
      total = try total.map { try builder.binary(.or, $0, kept) } ?? kept
    }
    return total
  }

  /// A cotangent that leaves a transposed loop, zero in lanes that were not chosen.
  mutating func kept(_ cotangent: ValueID, in lanes: ValueID?) throws -> ValueID {
    guard let lanes, builder[lanes].shape == builder[cotangent].shape else { return cotangent }
    return try builder.select(lanes, cotangent, builder.splat(0, builder[cotangent]))
  }

  /// How many choices of one cotangent are looked through.
  private static let choiceLimit = 8

  /// The choices that make zeros of a cotangent, those nearest to it first, of its own shape.
  private mutating func choices(of cotangent: ValueID) -> [Choice] {
    var found: [Choice] = []
    var value = cotangent
    while found.count < Self.choiceLimit,
      zeros.of(value, in: builder.function).contains(.holdsZeros),
      let definition = builder.definition(of: value)
    {
      switch definition.op {
      case .unary(.negate): value = definition.operands[0]
      case .binary(.multiply), .binary(.divide): value = definition.operands[0]
      case .select where builder[definition.operands[0]].shape == builder[cotangent].shape:
        let isKept = zeros.of(definition.operands[2], in: builder.function).contains(.isZero)
        found.append(Choice(predicate: definition.operands[0], isKeptWhereTrue: isKept))
        value = definition.operands[isKept ? 1 : 2]
      default: return found
      }
    }
    return found
  }
}

extension Region {
  /// Whether each float of a result depends on floats at its place and on scalars alone.
  fileprivate var isElementwiseOnFloats: Bool {
    operations.allSatisfy { operation in
      guard operation.results.contains(where: { self[$0].element.isInexact }) else { return true }
      switch operation.op {
      case .constant, .iota, .unary, .binary, .compare, .select, .clamp, .convert: return true
      case .shape(.broadcast): return self[operation.operands[0]].isScalar
      case .bits, .complex, .fft, .shape, .reduce, .dot, .convolution, .gather, .window, .scatter,
        .dynamicSlice, .dynamicUpdateSlice, .matrix, .order, .foreign, .optimizationBarrier,
        .whileLoop, .branch, .scan, .custom, .call:
        return false
      }
    }
  }
}
