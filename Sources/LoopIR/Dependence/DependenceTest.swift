/// How many iterations apart two accesses can be that touch one element.
enum Distance: Hashable {
  /// They never touch one element.
  case never
  /// The second access's iteration minus the first one's.
  case within(ClosedRange<Int>)

  /// Whether accesses only meet in one iteration, if at all.
  var isWithinIteration: Bool { self == .never || self == .within(0...0) }

  /// The distances that both allow.
  func intersection(_ other: Distance) -> Distance {
    guard case .within(let left) = self, case .within(let right) = other, left.overlaps(right)
    else { return .never }
    return .within(left.clamped(to: right))
  }
}

/// The question how far apart in iterations of one loop accesses of one memory can meet.
///
/// An address is seen as a list of subscripts. Along one axis a subscript is `C·p + f + r` with `p` the
/// loop's variable, or a quotient or remainder of it, `f` what is the same for both accesses, and `r` in
/// an interval. Where two accesses have one `C`, the difference of their `f + r` over `C` bounds the
/// difference of their iterations.
struct DependenceTest {
  private typealias Part = LoopFrame.Part

  /// A subscript as `coefficient · part + fixed + rest`.
  private struct Form {
    var part: Part?
    var coefficient = 0
    var fixed = IndexExpression(0)
    var rest: ClosedRange<Int>
  }

  /// What a variable follows: it lies in `step · part ..< step · (part + 1)`.
  private struct Follower {
    var part: Part
    var step: Int
  }

  /// What the indices of an access follow, and which variables are anything.
  private struct Scope {
    var followers: [VariableID: Follower]
    var free: Set<VariableID>
    /// The ranges of indices where the access happens.
    var ranges: IndexRanges
  }

  let ranges: IndexRanges
  /// What is known where a boolean holds.
  let guards: [ScalarID: [Bound]]
  /// How many iterations there are.
  let extent: Int
  /// Scalars that differ between iterations.
  let scalars: Set<ScalarID>
  /// Variables that need not be the same in both iterations.
  var free: Set<VariableID> = []

  // MARK: Answers

  /// The first two sites, one of them a write, that meet in different iterations, as far as is known.
  ///
  /// - Parameter shapes: shapes by which addresses may be seen as subscripts.
  func meeting(
    _ sites: [AccessSite], shapes: [[Int]]
  ) -> (first: AccessSite, second: AccessSite, distance: Distance)? {
    guard extent > 1 else { return nil }
    var seen = Set<AccessSite>()
    let sites = sites.filter { site in
      var key = site
      key.position = 0
      for place in key.frames.indices { key.frames[place].number = 0 }
      return seen.insert(key).inserted
    }
    let scopes = sites.map { scope(of: $0) }
    var views = [[[Form?]]]()
    for shape in Self.shapes(for: sites, shapes) {
      let view = forms(of: sites, scopes, shape)
      if areApart(view) { return nil }
      views.append(view)
    }
    for (first, site) in sites.enumerated() {
      for second in first..<sites.count where site.access.isWrite || sites[second].access.isWrite {
        guard sites.count <= Self.pairLimit else { return (site, sites[second], anywhere) }
        let distance = distance(first, second, views)
        if !distance.isWithinIteration { return (site, sites[second], distance) }
      }
    }
    return nil
  }

  /// How far apart two sites can meet.
  func distance(_ first: AccessSite, _ second: AccessSite, shapes: [[Int]]) -> Distance {
    let sites = [first, second]
    let scopes = sites.map { scope(of: $0) }
    return distance(0, 1, Self.shapes(for: sites, shapes).map { forms(of: sites, scopes, $0) })
  }

  /// More sites than this are not looked at in pairs.
  private static let pairLimit = 48

  /// Any distance.
  private var anywhere: Distance { .within((1 - max(extent, 1))...(max(extent, 1) - 1)) }

  // MARK: Views

  /// The ways to see addresses as subscripts: as they are, by the given shapes, and by shapes that the
  /// addresses suggest.
  private static func shapes(for sites: [AccessSite], _ given: [[Int]]) -> [[Int]] {
    var all = [[1]]
    let suggested = sites.prefix(1).map { radix($0.access.address) } + parts(of: sites)
    for shape in given + suggested where shape.count > 1 && !all.contains(shape) {
      all.append(shape)
    }
    return all
  }

  /// The forms of each site's subscripts in a shape; none where an address does not split.
  private func forms(of sites: [AccessSite], _ scopes: [Scope], _ shape: [Int]) -> [[Form?]] {
    zip(sites, scopes).map { site, scope in
      let subscripts = site.access.address.subscripts(
        in: shape, scope.ranges, fit: .insideBelowOutermost)
      return subscripts?.map { form($0, scope) } ?? []
    }
  }

  /// A shape whose strides are the address's coefficients, where each divides the next; only the
  /// outermost extent, which does not matter, is made up.
  private static func radix(_ address: IndexExpression) -> [Int] {
    var shape = [1]
    var stride = 1
    for coefficient in Set(address.terms.map { Int(clamping: $0.coefficient.magnitude) }).sorted() {
      guard coefficient.isMultiple(of: stride) else { return [1] }
      if coefficient > stride { shape.insert(coefficient / stride, at: 1) }
      stride = coefficient
    }
    return shape
  }

  /// The shape of equal parts of a buffer that accesses go through side by side, such as the
  /// operands of a concatenation.
  private static func parts(of sites: [AccessSite]) -> [[Int]] {
    let starts = Set(sites.map(\.access.address.constant)).sorted()
    let lengths = zip(starts, starts.dropFirst()).map { $1 - $0 }
    return lengths.min().map { [[1, $0]] } ?? []
  }

  // MARK: Distances

  /// Whether all sites together are in one iteration wherever they meet, by one view.
  private func areApart(_ forms: [[Form?]]) -> Bool {
    guard let first = forms.first, !first.isEmpty,
      forms.allSatisfy({ $0.count == first.count })
    else { return false }
    let hull = first.indices.map { axis -> Form? in
      guard var whole = first[axis] else { return nil }
      for site in forms.dropFirst() {
        guard let form = site[axis], form.part == whole.part,
          form.coefficient == whole.coefficient, form.fixed == whole.fixed
        else { return nil }
        whole.rest = whole.rest.union(form.rest)
      }
      return whole
    }
    return distance(hull, hull).isWithinIteration
  }

  private func distance(_ first: Int, _ second: Int, _ views: [[[Form?]]]) -> Distance {
    views.reduce(anywhere) { $0.intersection(distance($1[first], $1[second])) }
  }

  /// How far apart two accesses with these subscripts can meet.
  private func distance(_ first: [Form?], _ second: [Form?]) -> Distance {
    guard !first.isEmpty, first.count == second.count else { return anywhere }
    var parts: [Part: Distance] = [:]
    for (left, right) in zip(first, second) {
      guard let left, let right, let gap = gap(left, right) else { continue }
      guard let part = left.part, left.coefficient != 0 else {
        if gap.contains(0) { continue }
        return .never
      }
      let step = left.coefficient
      let (low, high) =
        step > 0 ? (gap.lowerBound, gap.upperBound) : (-gap.upperBound, -gap.lowerBound)
      let least = -(-low).flooredQuotient(by: abs(step))
      let most = high.flooredQuotient(by: abs(step))
      guard least <= most else { return .never }
      let distance = Distance.within(least...most)
      parts[part] = parts[part].map { $0.intersection(distance) } ?? distance
    }
    return iterations(parts)
  }

  /// What the second subscript's fixed part and rest are less than the first one's, where the two have
  /// one coefficient; nil where they have not, or where it is not known.
  private func gap(_ first: Form, _ second: Form) -> ClosedRange<Int>? {
    guard first.part == second.part, first.coefficient == second.coefficient else { return nil }
    let rest = first.rest.adding(second.rest.multiplied(by: -1 ... -1))
    let fixed = first.fixed + second.fixed * -1
    let gap = rest.adding(fixed.constantValue.map { $0...$0 } ?? ranges.range(of: fixed))
    guard gap.lowerBound > .min / 2, gap.upperBound < .max / 2 else { return nil }
    return gap
  }

  /// The distance of iterations that distances of parts of the variable leave.
  private func iterations(_ parts: [Part: Distance]) -> Distance {
    var result = anywhere
    for (part, distance) in parts {
      guard case .within(let range) = distance else { return .never }
      switch part {
      case .whole: result = result.intersection(distance)
      case .remainder(let divisor):
        if divisor >= extent { result = result.intersection(distance) }
      case .quotient(let divisor):
        if range == 0...0, parts[.remainder(divisor)] == .within(0...0) {
          result = result.intersection(.within(0...0))
        }
        let reach = (-(divisor - 1))...(divisor - 1)
        let apart = range.multiplied(by: divisor...divisor).adding(reach)
        if apart != .unknown { result = result.intersection(.within(apart)) }
      }
    }
    return result
  }

  // MARK: Forms

  private func scope(of site: AccessSite) -> Scope {
    let bounds = site.access.condition.flatMap { guards[$0] }
    var scope = Scope(
      followers: [site.leader: Follower(part: .whole, step: 1)], free: free,
      ranges: bounds.map { ranges.narrowed(by: $0) } ?? ranges)
    for frame in site.frames where frame.variable != site.leader {
      scope.free.insert(frame.variable)
      scope.followers[frame.variable] = frame.lead.flatMap { lead in
        guard let leader = scope.followers[lead.variable] else { return nil }
        guard lead.part == .whole else {
          return leader.part == .whole && leader.step == 1
            ? Follower(part: lead.part, step: lead.step) : nil
        }
        let (step, overflow) = leader.step.multipliedReportingOverflow(by: lead.step)
        return overflow ? nil : Follower(part: leader.part, step: step)
      }
    }
    return scope
  }

  /// A subscript as a multiple of one part plus a rest; nil where it depends on two parts.
  private func form(_ index: IndexExpression, _ scope: Scope) -> Form? {
    var form = Form(rest: index.constant...index.constant)
    for term in index.terms {
      let coefficient = term.coefficient...term.coefficient
      guard let follower = follower(of: term.atom, scope.followers) else {
        if isFixed(term.atom, scope) {
          form.fixed += IndexExpression(term.atom) * term.coefficient
        } else {
          let range = scope.ranges.range(of: term.atom)
          form.rest = form.rest.adding(range.multiplied(by: coefficient))
        }
        continue
      }
      let (step, overflow) = follower.step.multipliedReportingOverflow(by: term.coefficient)
      guard !overflow, form.part == nil || form.part == follower.part else { return nil }
      let (sum, sumOverflow) = form.coefficient.addingReportingOverflow(step)
      guard !sumOverflow else { return nil }
      (form.part, form.coefficient) = (follower.part, sum)
      form.rest = form.rest.adding((0...(follower.step - 1)).multiplied(by: coefficient))
    }
    if form.coefficient == 0 { form.part = nil }
    return form.rest == .unknown ? nil : form
  }

  /// Whether an atom has one value in both iterations.
  private func isFixed(_ atom: IndexExpression.Atom, _ scope: Scope) -> Bool {
    switch atom {
    case .variable(let variable):
      return scope.followers[variable] == nil && !scope.free.contains(variable)
    case .scalar(let scalar): return !scalars.contains(scalar)
    case .lookup: return false
    case .quotient(let inner, _), .remainder(let inner, _):
      return inner.terms.allSatisfy { isFixed($0.atom, scope) }
    }
  }

  /// What an atom follows: a variable its leader, and a quotient or remainder of the loop's variable,
  /// or of a variable that follows it, the quotient or remainder.
  private func follower(
    of atom: IndexExpression.Atom, _ followers: [VariableID: Follower]
  ) -> Follower? {
    switch atom {
    case .variable(let variable): return followers[variable]
    case .scalar, .lookup: return nil
    case .quotient(let inner, let divisor):
      guard let leader = leader(inner, followers) else { return nil }
      if leader.step.isMultiple(of: divisor) {
        return Follower(part: leader.part, step: leader.step / divisor)
      }
      guard leader.part == .whole, divisor.isMultiple(of: leader.step) else { return nil }
      return Follower(part: .quotient(divisor / leader.step), step: 1)
    case .remainder(let inner, let divisor):
      guard let leader = leader(inner, followers), leader.part == .whole,
        divisor.isMultiple(of: leader.step), divisor > leader.step
      else { return nil }
      return Follower(part: .remainder(divisor / leader.step), step: leader.step)
    }
  }

  /// What an expression that is one variable follows.
  private func leader(
    _ index: IndexExpression, _ followers: [VariableID: Follower]
  ) -> Follower? {
    guard index.constant == 0, index.terms.count == 1, index.terms[0].coefficient == 1,
      case .variable(let variable) = index.terms[0].atom
    else { return nil }
    return followers[variable]
  }
}
