package import LoopIR
package import TensorIR

/// An op as a formula over index spaces: `out[i…] = ⊕ over r… of body(i…, r…)`.
///
/// Index expressions use placeholder variables: result axis `i` is `VariableID(i)`, and reduction
/// axis `r` is `VariableID(rank + r)`.
package struct Comprehension {
  /// How the body is combined over the reduction axes; nil where there are none.
  package struct Fold {
    package var kind: Reduction.Kind
    package var extents: [Int]
    /// The operand whose scalar the fold starts from, besides the kind's identity.
    package var initialOperand: Int?
  }

  package let fold: Fold?
  package let body: Body
  /// Roughly how many additions the body costs by itself.
  let weight: Int
  /// Whether the body reads an operand at a computed place.
  let looksUp: Bool

  /// A formula, without reduction where no fold is given.
  package init(fold: Fold? = nil, _ body: Body) {
    self.fold = fold
    self.body = body
    weight = body.weight
    looksUp = body.looksUp
  }

  /// The right-hand side: a scalar expression over reads of operands.
  package indirect enum Body {
    /// An element of an operand, one index per axis.
    case read(operand: Int, [ReadIndex])
    /// An index as a number.
    case index(IndexExpression, ElementType)
    /// A constant's element, one index per axis.
    case constant(Literal, [IndexExpression])
    /// A function of bodies.
    case apply(ScalarOp, [Body])
    /// The first body where all bounds hold, else the second; the first is not evaluated outside.
    case guarded([Bound], Body, otherwise: Body)
    /// The body of the piece that covers a place.
    case pieces(Pieces)
  }

  /// Bodies that each cover a stretch of an axis, one after the other from zero on.
  package struct Pieces {
    /// The place along the axis.
    package var place: IndexExpression
    /// Where each stretch starts, in ascending order.
    package var starts: [Int]
    /// Where the last stretch ends.
    package var end: Int
    package var bodies: [Body]
  }

  /// The index along one axis of a read: affine, plus for a gather a looked-up integer.
  package struct ReadIndex {
    package var affine: IndexExpression
    package var lookup: Lookup?

    package init(_ affine: IndexExpression, lookup: Lookup? = nil) {
      self.affine = affine
      self.lookup = lookup
    }
  }

  /// An integer element of an operand, held between zero and `upper`.
  package struct Lookup {
    package var operand: Int
    package var index: [IndexExpression]
    package var upper: Int
  }
}

extension Comprehension.Body {
  /// A read at plain indices.
  static func read(_ operand: Int, _ index: [IndexExpression]) -> Comprehension.Body {
    .read(operand: operand, index.map { Comprehension.ReadIndex($0) })
  }
}

extension Comprehension.Body {
  /// Calls `visit` for this body and those inside, each before its parts, in order.
  func forEachPart(_ visit: (Comprehension.Body) -> Void) {
    visit(self)
    switch self {
    case .read, .index, .constant: break
    case .apply(_, let bodies): for body in bodies { body.forEachPart(visit) }
    case .guarded(_, let inside, let outside):
      inside.forEachPart(visit)
      outside.forEachPart(visit)
    case .pieces(let pieces): for body in pieces.bodies { body.forEachPart(visit) }
    }
  }

  /// The operands that are read, with the index along each axis.
  var reads: [(operand: Int, index: [Comprehension.ReadIndex])] {
    var reads: [(operand: Int, index: [Comprehension.ReadIndex])] = []
    forEachPart { if case .read(let operand, let index) = $0 { reads.append((operand, index)) } }
    return reads
  }

  fileprivate var weight: Int {
    var weight = 0
    forEachPart { part in
      switch part {
      case .read, .constant: break
      case .index: weight += 1
      case .apply(let op, _): weight += op.weight
      case .guarded(let bounds, _, _): weight += bounds.count
      case .pieces(let pieces): weight += pieces.bodies.count
      }
    }
    return weight
  }

  fileprivate var looksUp: Bool {
    var looksUp = false
    forEachPart { part in
      guard case .read(_, let index) = part else { return }
      looksUp = looksUp || index.contains { $0.lookup != nil }
    }
    return looksUp
  }

  /// Whether the body is a function that costs more than a trip to memory.
  var isCostly: Bool {
    guard case .apply(let op, _) = self else { return false }
    return op.weight >= 8
  }

  /// Whether an operand is read at an index that could lie outside of it.
  var readsElements: Bool {
    var readsElements = false
    forEachPart { part in
      switch part {
      case .read(_, let index): if !index.isEmpty { readsElements = true }
      case .constant(let literal, _): if !literal.isSplat { readsElements = true }
      case .index, .apply, .guarded, .pieces: break
      }
    }
    return readsElements
  }

  /// One of several bodies that conditions choose from.
  struct Alternative {
    /// The body is computed where all of these hold, of none where nothing else is.
    var bounds: [Bound] = []
    /// Whether it is computed where one of the bounds, those of the alternative before, does not hold.
    var isNegated = false
    var body: Comprehension.Body
  }

  /// What may be computed at an element, in the order in which conditions are asked: a single body where
  /// what is known of indices decides, as for bodies that are no choice.
  func alternatives(
    at axes: [IndexExpression], range: (IndexExpression) -> ClosedRange<Int>?
  ) -> [Alternative] {
    switch self {
    case .read, .index, .constant, .apply: return [Alternative(body: self)]
    case .guarded(let bounds, let inside, let outside):
      var open = [Bound]()
      for bound in bounds {
        let index = bound.index.bound(to: axes)
        if let range = range(index) {
          if range.lowerBound >= bound.lower, range.upperBound < bound.upper { continue }
          if range.upperBound < bound.lower || range.lowerBound >= bound.upper {
            return [Alternative(body: outside)]
          }
        }
        open.append(Bound(index, lower: bound.lower, upper: bound.upper))
      }
      if open.isEmpty { return [Alternative(body: inside)] }
      return [
        Alternative(bounds: open, body: inside),
        Alternative(bounds: open, isNegated: true, body: outside),
      ]
    case .pieces(let pieces):
      let place = pieces.place.bound(to: axes)
      let covered = pieces.covered(by: range(place))
      return covered.map { piece in
        let bounds = covered.count == 1 ? [] : [pieces.bound(of: piece, at: place)]
        return Alternative(bounds: bounds, body: pieces.bodies[piece])
      }
    }
  }
}

extension Comprehension.Pieces {
  /// Where a piece ends.
  private func end(of piece: Int) -> Int {
    piece + 1 < starts.count ? starts[piece + 1] : end
  }

  /// The pieces that cover some place of a range, nil being any; at least one.
  func covered(by range: ClosedRange<Int>?) -> [Int] {
    let low = min(max(range?.lowerBound ?? 0, 0), max(end - 1, 0))
    let high = max(min(range?.upperBound ?? end - 1, end - 1), low)
    var (first, last) = (0, starts.count)
    // The last piece that starts at `low` or before it.
    while last - first > 1 {
      let middle = (first + last) / 2
      if starts[middle] <= low { first = middle } else { last = middle }
    }
    let found = starts.indices[first...].prefix { starts[$0] <= high }.filter {
      end(of: $0) > starts[$0]
    }
    return found.isEmpty ? [starts.count - 1] : found
  }

  /// The test whether a piece covers the place.
  func bound(of piece: Int, at place: IndexExpression) -> Bound {
    Bound(place + -starts[piece], lower: 0, upper: end(of: piece) - starts[piece])
  }
}

extension [Comprehension.ReadIndex] {
  /// Whether these are the first `count` axes of a formula in order, as they are.
  func isIdentity(of count: Int) -> Bool {
    guard self.count == count else { return false }
    for axis in indices {
      guard self[axis].lookup == nil, self[axis].affine.isVariable(VariableID(axis)) else {
        return false
      }
    }
    return true
  }

  /// The axes of a formula in the order in which they index an operand; nil where these are not
  /// `count` different axes, each by itself.
  func permutation(of count: Int) -> [Int]? {
    let axes = compactMap { entry -> Int? in
      guard entry.lookup == nil, entry.affine.constant == 0, entry.affine.terms.count == 1,
        entry.affine.terms[0].coefficient == 1,
        case .variable(let variable) = entry.affine.terms[0].atom
      else { return nil }
      return variable.index
    }
    return axes.count == self.count && axes.count == count && Set(axes).count == count ? axes : nil
  }
}

extension Operation {
  /// The op's formula; nil for structured nodes (scatter) and calls.
  package func comprehension(in function: Function) -> Comprehension? {
    let operandTypes = operands.map { function[$0] }
    let type = function[results[0]]
    let axes = (0..<type.rank).map { IndexExpression(VariableID($0)) }
    switch op {
    case .constant(let literal): return Comprehension(.constant(literal, axes))
    case .iota(_, let dimension): return Comprehension(.index(axes[dimension], type.element))
    case .unary(let op):
      return Comprehension(.apply(.unary(op), [.read(0, axes)]))
    case .binary(let op):
      return Comprehension(.apply(.binary(op), [.read(0, axes), .read(1, axes)]))
    case .compare(let comparison):
      let operands = [0, 1].map { operand in
        let element = Comprehension.Body.read(operand, axes)
        return comparison.isTotal ? element.totalOrdinal(operandTypes[operand].element) : element
      }
      return Comprehension(.apply(.compare(comparison.direction), operands))
    case .bits(let op): return Comprehension(.apply(.bits(op), [.read(0, axes)]))
    case .select:
      let predicate = operandTypes[0].isScalar ? [] : axes
      return Comprehension(
        .apply(.select, [.read(0, predicate), .read(1, axes), .read(2, axes)]))
    case .clamp:
      let bounds = [0, 2].map { Comprehension.Body.read($0, operandTypes[$0].isScalar ? [] : axes) }
      let raised = Comprehension.Body.apply(.binary(.maximum), [.read(1, axes), bounds[0]])
      return Comprehension(.apply(.binary(.minimum), [raised, bounds[1]]))
    case .convert(let element):
      return Comprehension(.apply(.convert(to: element), [.read(0, axes)]))
    case .shape(let op): return Comprehension(op.body(operandTypes, type))
    case .reduce(let reduction): return reduction.comprehension(operandTypes[0])
    case .dot(let dimensions): return dimensions.comprehension(operandTypes)
    case .convolution(let convolution): return convolution.comprehension(operandTypes, type)
    case .window(let op): return op.comprehension(operandTypes, type)
    case .gather(let dimensions): return dimensions.comprehension(operandTypes, type)
    case .dynamicSlice(let sizes): return .dynamicSlice(operandTypes[0], sizes: sizes)
    case .complex, .fft, .scatter, .dynamicUpdateSlice, .optimizationBarrier, .whileLoop, .branch,
      .scan, .custom, .call, .matrix, .order, .foreign:
      return nil
    }
  }
}

extension Op {
  /// Whether an element of the op's result is a formula of its operands' elements.
  var hasFormula: Bool {
    switch self {
    case .constant, .iota, .unary, .binary, .compare, .bits, .select, .clamp, .convert, .shape,
      .reduce, .dot, .convolution, .window, .gather, .dynamicSlice:
      true
    case .complex, .fft, .scatter, .dynamicUpdateSlice, .optimizationBarrier, .whileLoop, .branch,
      .scan, .custom, .call, .matrix, .order, .foreign:
      false
    }
  }
}

extension Comprehension.Body {
  /// A float's bits as an integer whose order is that of all floats by their bits: those of negative
  /// numbers but the sign are turned.
  fileprivate func totalOrdinal(_ element: ElementType) -> Comprehension.Body {
    let integers: [Int: ElementType] = [16: .i16, 32: .i32, 64: .i64]
    guard element.isFloat, let integer = integers[element.width] else { return self }
    func constant(_ value: Int) -> Comprehension.Body {
      .constant(Literal(TensorType([], integer), integers: [Int64(value)]), [])
    }
    let bits = Comprehension.Body.apply(.bits(.cast(to: integer)), [self])
    let signs = Comprehension.Body.apply(
      .binary(.shiftRightArithmetic), [bits, constant(element.width - 1)])
    let turned = Comprehension.Body.apply(.binary(.shiftRightLogical), [signs, constant(1)])
    return .apply(.binary(.xor), [bits, turned])
  }
}

extension IndexExpression {
  /// Whether the expression is a variable and nothing else.
  fileprivate func isVariable(_ variable: VariableID) -> Bool {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1,
      case .variable(variable) = terms[0].atom
    else { return false }
    return true
  }
}
