internal import LoopIR
internal import TensorIR

/// An interpretation of formulas: what becomes of a body where it is needed, put together from what
/// becomes of its parts.
protocol FormulaVisitor {
  /// Where a formula is needed: whose it is, at which index, and what is known there.
  associatedtype Site
  associatedtype Result
  associatedtype Failure: Error

  /// What the formula's axes stand for, those of its value before those that are folded.
  func axes(of site: Site) -> [IndexExpression]
  /// The least and greatest value of an index, where they are known.
  func range(_ index: IndexExpression) -> ClosedRange<Int>?

  /// An element of an operand.
  func read(
    _ operand: Int, _ index: [Comprehension.ReadIndex], at site: Site
  ) throws(Failure) -> Result
  /// An index as a number.
  func number(
    _ index: IndexExpression, _ element: ElementType, at site: Site
  ) throws(Failure) -> Result
  /// A constant's element.
  func constant(
    _ literal: Literal, _ index: [IndexExpression], at site: Site
  ) throws(Failure) -> Result
  /// A function of bodies.
  func application(
    _ op: ScalarOp, _ arguments: [Comprehension.Body], at site: Site
  ) throws(Failure) -> Result
  /// One of several bodies, where indices do not tell which.
  func choice(
    _ alternatives: [Comprehension.Body.Alternative], isOfPieces: Bool, at site: Site
  ) throws(Failure) -> Result
}

extension Comprehension.Body {
  /// What a visitor makes of the body at a site.
  func accept<Visitor: FormulaVisitor>(
    _ visitor: Visitor, at site: Visitor.Site
  ) throws(Visitor.Failure) -> Visitor.Result {
    switch self {
    case .read(let operand, let index): return try visitor.read(operand, index, at: site)
    case .index(let index, let element): return try visitor.number(index, element, at: site)
    case .constant(let literal, let index): return try visitor.constant(literal, index, at: site)
    case .apply(let op, let arguments): return try visitor.application(op, arguments, at: site)
    case .guarded, .pieces:
      let alternatives = alternatives(at: visitor.axes(of: site)) { visitor.range($0) }
      if alternatives.count == 1 { return try alternatives[0].body.accept(visitor, at: site) }
      var isOfPieces = false
      if case .pieces = self { isOfPieces = true }
      return try visitor.choice(alternatives, isOfPieces: isOfPieces, at: site)
    }
  }
}

extension [Comprehension.ReadIndex] {
  /// The index along each axis where a formula's axes stand for `axes`.
  ///
  /// - Parameter lookedUp: what is added for an integer that is looked up, at an index in terms of the same.
  func bound(
    to axes: [IndexExpression],
    lookedUp: (_ operand: Int, _ index: [IndexExpression], _ upper: Int) -> IndexExpression
  ) -> [IndexExpression] {
    map { entry in
      let affine = entry.affine.bound(to: axes)
      guard let lookup = entry.lookup else { return affine }
      return affine
        + lookedUp(lookup.operand, lookup.index.map { $0.bound(to: axes) }, lookup.upper)
    }
  }
}
