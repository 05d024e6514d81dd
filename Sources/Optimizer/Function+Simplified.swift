import TensorIR

extension Function {
  /// An equal function with fewer and cheaper operations.
  ///
  /// Runs `pipeline` until nothing changes. What "equal" means for rounding, NaN and zeros is in
  /// `Docs/Simplification.md`. Simplifying twice gives the same function as simplifying once.
  ///
  /// - Throws: `AdjointError` where an operation breaks its typing rule.
  /// - Complexity: O(n) in operations for each of a few sweeps.
  package func simplified(_ options: SimplificationOptions = .init()) throws -> Function {
    var report: SimplificationReport?
    return try simplified(options, report: &report)
  }

  /// As `simplified(_:)`, with rewrites and times per pass added to `report` unless it is nil.
  package func simplified(
    _ options: SimplificationOptions = .init(), report: inout SimplificationReport?
  ) throws -> Function {
    var function = self
    var budget = RewriteBudget(options.limit)
    let passes = pipeline.filter { !options.disabled.contains($0.name) }
    var isSettled = false
    for _ in 0..<options.sweeps {
      report?.sweeps += 1
      guard try function.apply(passes, options, &budget, &report, &isSettled) > 0 else { break }
    }
    return function
  }

  /// The function after one run of the pass of that name.
  ///
  /// - Throws: `AdjointError` where there is no such pass.
  package func applying(
    passNamed name: String, _ options: SimplificationOptions = .init()
  ) throws -> Function {
    guard let pass = pipeline.first(where: { $0.name == name }) else {
      throw AdjointError(.argument, "there is no pass '\(name)'")
    }
    var function = self
    var budget = RewriteBudget(options.limit)
    var report: SimplificationReport?
    var isSettled = false
    _ = try function.apply([pass], options, &budget, &report, &isSettled)
    return function
  }

  /// Runs passes in order, neighbouring rules in one sweep, and counts the rewrites.
  ///
  /// - Parameter isSettled: Whether rules would rewrite nothing, known from their last sweep.
  private mutating func apply(
    _ passes: [Pass], _ options: SimplificationOptions, _ budget: inout RewriteBudget,
    _ report: inout SimplificationReport?, _ isSettled: inout Bool
  ) throws -> Int {
    var rewrites = 0
    var rules: [Pass] = []
    for pass in passes {
      switch pass.action {
      case .rule, .regionRule, .sharing:
        rules.append(pass)
      case .function(let transform):
        rewrites += try sweep(rules, options, &budget, &report, &isSettled)
        rules = []
        let clock = ContinuousClock()
        let start = clock.now
        let removed = transform(&self, &budget)
        report?.add(pass.name, rewrites: removed, time: clock.now - start)
        rewrites += removed
      }
    }
    return try rewrites + sweep(rules, options, &budget, &report, &isSettled)
  }

  /// Copies the function through rules and counts the rewrites.
  private mutating func sweep(
    _ rules: [Pass], _ options: SimplificationOptions, _ budget: inout RewriteBudget,
    _ report: inout SimplificationReport?, _ isSettled: inout Bool
  ) throws -> Int {
    if rules.isEmpty || isSettled { return 0 }
    var rewriter = Rewriter(
      copying: self, through: rules, options, budget: budget, isTimed: report != nil)
    self = try rewriter.copy(self)
    budget = rewriter.budget
    isSettled = rewriter.isSettled
    for (index, pass) in rules.enumerated() {
      report?.add(pass.name, rewrites: rewriter.rewrites[index], time: rewriter.times[index])
    }
    return rewriter.rewrites.reduce(0, +)
  }
}
