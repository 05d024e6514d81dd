package import TensorIR

/// One kernel: a tree of loops over buffers, run to its end before the next kernel starts.
///
/// Invariants, checked by `verify(in:)`:
/// - K1: every scalar is defined once and read only at or below the level of its definition, after
///   it; an accumulator's value is read only after its loop, a carry's current value only in it.
/// - K2: a loop's variable is used only inside the loop, and sibling loops may share it.
/// - K3: addresses stay inside their memory, by what is known of loops, clamps and blocks, or where the
///   access has a condition by what the bounds in it say; a condition of computed values says nothing. Of
///   accesses with a condition it is checked on request.
/// - K4: only outermost loops are parallel; iterations of a parallel loop write different elements,
///   write local arrays before they read them, and a parallel loop has no accumulators.
/// - K5: no vector loop stands inside another.
/// - K6: a tiled loop outside vector loops holds one vector loop and nothing else, which has no
///   accumulators and no loops, and the two may change places.
/// - K7: a tiled loop inside a vector loop copies rows between memory, where they are contiguous
///   along it and stand further apart from lane to lane, and arrays of each lane.
/// - K8: iterations in lanes touch different elements of what they write, but where all lanes only
///   combine into one; so do the elements of a product's tiles. Loops in lanes have no carries, and
///   their number of iterations is known; those of loops inside them may differ from lane to lane.
/// - K9: local arrays take no more than `stackByteLimit` of a thread's stack; others are in scratch
///   memory.
/// - K10: a vector loop with carries computes what each follows from itself by before it reads it.
package struct Kernel: Sendable, Hashable {
  /// A short name, unique in the program.
  package var name: String
  /// The program's buffers this kernel reads and writes, by slot.
  package var slots: [BufferID]
  /// Memory private to one block of the kernel.
  package var locals: [Local]
  /// The loop variables.
  package var variables: [Variable]
  /// The element type of each scalar; booleans are `i1`, indices `i64`.
  package var scalars: [ElementType]
  /// What the kernel does.
  package var body: [Node]
  /// The places in the source that the kernel's results come from.
  package var sources: [SourceLocation]

  package init(name: String) {
    self.name = name
    slots = []
    locals = []
    variables = []
    scalars = []
    body = []
    sources = []
  }

  /// A loop variable: what it counts.
  package struct Variable: Sendable, Hashable {
    package var name: String
    /// The variable runs from zero to here.
    package var extent: Int

    package init(name: String, extent: Int) {
      self.name = name
      self.extent = extent
    }
  }

  /// A small array private to one block.
  package struct Local: Sendable, Hashable {
    package var element: ElementType
    /// The extents by which the array is printed; what is read and written is one element of all.
    package var shape: [Int]
    /// Whether every lane of the vector loop around its use has an array of its own.
    package var isPerLane: Bool
    /// Whether the array stands in memory that the kernel takes from the process while it runs, instead of
    /// on the stack.
    package var isInScratch = false

    /// The number of elements.
    package var count: Int { shape.reduce(1, *) }

    package init(element: ElementType, shape: [Int]) {
      self.element = element
      self.shape = shape
      isPerLane = false
    }

    package init(element: ElementType, count: Int, isPerLane: Bool = false) {
      self.element = element
      shape = [count]
      self.isPerLane = isPerLane
    }
  }
}

extension Kernel {
  /// Hashes what tells most kernels apart, since equality decides: all of a loop tree, but of long
  /// straight-line code its ends.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(slots.count)
    hasher.combine(scalars.count)
    for local in locals { hasher.combine(local.count) }
    for variable in variables { hasher.combine(variable.extent) }
    hasher.combine(body.count)
    for node in body.prefix(Self.hashedNodes) { hasher.combine(node) }
    for node in body.dropFirst(Self.hashedNodes).suffix(Self.hashedNodes) { hasher.combine(node) }
  }

  /// So many nodes at each end of a kernel's body are hashed.
  private static let hashedNodes = 16
}

/// Memory as a kernel sees it.
package enum Memory: Hashable, Sendable {
  /// A buffer of the program, by slot.
  case slot(Int)
  /// A local array of the kernel.
  case local(Int)

  package func _rawHashValue(seed: Int) -> Int {
    switch self {
    case .slot(let slot): (2 &* slot).scattered(by: seed)
    case .local(let local): (2 &* local &+ 1).scattered(by: seed)
    }
  }
}

extension Kernel {
  /// A scalar of a type that the caller defines.
  package mutating func newScalar(_ element: ElementType) -> ScalarID {
    scalars.append(element)
    return ScalarID(scalars.count - 1)
  }

  /// A variable of a loop that the caller adds.
  package mutating func newVariable(_ name: String, extent: Int) -> VariableID {
    variables.append(Variable(name: name, extent: extent))
    return VariableID(variables.count - 1)
  }
}

/// One node of a loop tree.
package enum Node: Sendable, Hashable {
  /// Defines a scalar.
  case define(ScalarID, Expression)
  /// Writes a scalar to memory.
  case store(Store)
  /// Combines a scalar into an accumulator of a loop around.
  case accumulate(ScalarID, value: ScalarID)
  /// Repeats its body.
  indirect case loop(Loop)
  /// A matrix product over tiles.
  indirect case contract(Contract)
}

/// A write to memory.
package struct Store: Sendable, Hashable {
  package var memory: Memory
  /// The element written, counted from the memory's start.
  package var address: IndexExpression
  package var value: ScalarID
  /// How the value meets what is there; nil replaces it.
  package var combining: Reduction.Kind?
  /// A boolean without which nothing is written; nil always writes.
  package var condition: ScalarID?

  package init(
    _ memory: Memory, _ address: IndexExpression, _ value: ScalarID,
    combining: Reduction.Kind? = nil, condition: ScalarID? = nil
  ) {
    self.memory = memory
    self.address = address
    self.value = value
    self.combining = combining
    self.condition = condition
  }
}

/// A repetition of nodes.
package struct Loop: Sendable, Hashable {
  /// How iterations are carried out.
  package enum Schedule: Sendable, Hashable {
    /// One after the other.
    case serial
    /// One after the other, so many between two tests whether the loop ends.
    case unrolled(by: Int)
    /// `width` at a time in the lanes of `interleave` vectors.
    case vector(width: Int, interleave: Int)
    /// `size` at a time, all of them for one vector of the vector loop inside, or around, before
    /// the next: what is contiguous along this loop is read or written in squares and transposed in
    /// registers.
    case tiled(size: Int)
    /// As blocks that threads take in any order.
    case parallel
  }

  /// Which iterations are carried out.
  package enum Range: Sendable, Hashable {
    /// All of the variable's.
    case full
    /// Those of one block: `size` from `block · size` on, as far as the variable goes.
    case block(VariableID, size: Int)
    /// As many as there are until a boolean that the loop carries does not hold at the start of one.
    case condition(ScalarID)
    /// One where a boolean from outside holds, else none: a branch. What the loop hands on is what it made,
    /// or what its carries start from.
    case once(if: ScalarID)
  }

  /// The extent of the variable of a loop that nobody knows the number of iterations of: a guess that
  /// costs are reckoned with.
  package static let nominalExtent = 1 << 16

  package var variable: VariableID
  package var range: Range = .full
  package var schedule: Schedule = .serial
  /// What the loop sums up; each is readable after the loop as a scalar.
  package var accumulators: [Accumulator] = []
  /// What each iteration hands to the next, in registers; in a vector loop by recurrences, in the order
  /// in which these can be carried out.
  package var carries: [Carry] = []
  package var body: [Node] = []

  package init(_ variable: VariableID) { self.variable = variable }

  /// Whether the loop transposes squares.
  package var isTiled: Bool {
    if case .tiled = schedule { return true }
    return false
  }
}

/// A value combined over all iterations of a loop, from the combining function's identity on.
package struct Accumulator: Sendable, Hashable {
  /// The scalar that holds the combined value after the loop.
  package var result: ScalarID
  package var kind: Reduction.Kind

  package init(_ result: ScalarID, _ kind: Reduction.Kind) {
    self.result = result
    self.kind = kind
  }
}

/// A scalar that a loop hands from each iteration to the next.
package struct Carry: Sendable, Hashable {
  /// The value at the start of an iteration, readable in the loop's body.
  package var current: ScalarID
  /// What the first iteration starts from, readable before the loop.
  package var initial: ScalarID
  /// The value for the next iteration, defined in the body.
  package var next: ScalarID
  /// The value after the loop: what the last iteration left, or the initial one without any.
  package var result: ScalarID
  /// How the next value follows from the current one, where iterations may be lanes.
  package var recurrence: Recurrence?

  package init(
    current: ScalarID, initial: ScalarID, next: ScalarID, result: ScalarID,
    recurrence: Recurrence? = nil
  ) {
    self.current = current
    self.initial = initial
    self.next = next
    self.result = result
    self.recurrence = recurrence
  }

  /// The carry with its scalars replaced.
  package func mapping(_ transform: (ScalarID) -> ScalarID) -> Carry {
    Carry(
      current: transform(current), initial: transform(initial), next: transform(next),
      result: transform(result),
      recurrence: recurrence.map { Recurrence($0.coefficients.map(transform)) })
  }
}

/// How a carry's next value follows from its current one, c, by scalars that do not depend on it.
///
/// Such steps can be composed before c is known, so that lanes need not wait for each other. The loop's
/// body says what the next value is; by the recurrence it is that up to rounding.
package struct Recurrence: Sendable, Hashable {
  /// None for a next value that does not depend on c, `[a, b]` for a·c + b, and `[a, b, p, q]` for
  /// (a·c + b)/(p·c + q).
  package var coefficients: [ScalarID]

  package init(_ coefficients: [ScalarID]) { self.coefficients = coefficients }

  /// So many iterations of a loop with recurrences are lanes, on every processor and of whatever type. What
  /// cuts such a loop into pieces cuts it at multiples, so that the same iterations are composed.
  package static let width = 8
}

/// A scalar computation.
package enum Expression: Sendable, Hashable {
  /// A constant; the literal is a scalar.
  case literal(Literal)
  /// An index as a number.
  case index(IndexExpression, ElementType)
  /// An element of memory; zero where the condition is false.
  case load(Memory, IndexExpression, condition: ScalarID?)
  /// Whether every bound holds.
  case inBounds([Bound])
  /// A function of scalars.
  case apply(ScalarOp, [ScalarID])
}

/// The test `lower ≤ index < upper`.
package struct Bound: Sendable, Hashable {
  package var index: IndexExpression
  package var lower: Int
  package var upper: Int

  package init(_ index: IndexExpression, lower: Int, upper: Int) {
    self.index = index
    self.lower = lower
    self.upper = upper
  }
}

/// A function of scalars.
package enum ScalarOp: Sendable, Hashable {
  case unary(UnaryOp)
  case binary(BinaryOp)
  case compare(Comparison.Direction)
  /// A function of a scalar's bits.
  case bits(BitsOp)
  /// (predicate, onTrue, onFalse).
  case select
  case convert(to: ElementType)

  /// Roughly how many additions the function costs, from measured times of vector code.
  package var weight: Int {
    switch self {
    case .unary(let op):
      switch op {
      case .abs, .negate, .sign, .floor, .ceil, .roundEven, .roundAway, .isFinite, .isInfinite,
        .isPositiveInfinite, .isNegativeInfinite, .not, .square, .stopGradient:
        1
      case .populationCount, .leadingZeros: 4
      case .sqrt, .rsqrt: 10
      case .exponential, .exponentialMinusOne, .log, .logPlusOne, .logistic, .tanh, .erf: 15
      case .sine, .cosine: 20
      case .cubeRoot, .tangent, .erfc, .erfInverse, .sinh, .cosh, .asin, .acos, .atan, .asinh,
        .acosh, .atanh:
        60
      case .logGamma, .digamma: 120
      }
    case .binary(let op):
      switch op {
      case .add, .subtract, .multiply, .maximum, .minimum, .and, .or, .xor: 1
      case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical, .nextAfter: 3
      case .divide: 8
      case .power, .remainder: 30
      case .atan2: 60
      case .polygamma, .zeta: 400
      }
    case .compare, .select, .convert, .bits: 1
    }
  }
}

/// `result[m, n] = Σ_k left[m, k] · right[k, n]`, computed tile by tile in registers, with `body`
/// carried out for every element of a tile when it is complete.
///
/// A sum over taps, `Σ_t Σ_k left[m, t, k] · right[t, k, n]`, lets the factors' addresses jump from one
/// run of the depth to the next, as from pixel to pixel of a convolution's windows.
package struct Contract: Sendable, Hashable {
  /// How a contraction walks its operands.
  package struct Tiling: Sendable, Hashable {
    /// Rows of a register tile.
    package var rows: Int
    /// Vectors side by side in a register tile.
    package var vectors: Int
    /// Lanes of a vector.
    package var width: Int
    /// Rows that are worked on before going to the next columns.
    package var rowBlock: Int
    /// The depth of the contiguous panels that the right factor's columns of a tile are first
    /// copied to, counted over all taps; nil reads them in place.
    ///
    /// Where the product is deeper, all rows of a block go past one panel before the next is
    /// packed, and the sums so far wait in memory. Each sum is still made in the order of depth.
    package var panelDepth: Int?

    package init(rows: Int, vectors: Int, width: Int, rowBlock: Int, panelDepth: Int? = nil) {
      self.rows = rows
      self.vectors = vectors
      self.width = width
      self.rowBlock = rowBlock
      self.panelDepth = panelDepth
    }
  }

  /// One factor's prologue: how its element is made where it is loaded or packed.
  package struct Factor: Sendable, Hashable {
    /// Definitions of scalars, in terms of the loops around, `k`, and `m` or `n`.
    package var body: [Node]
    /// The element: one of those scalars, or one from outside.
    package var value: ScalarID

    package init(_ body: [Node], _ value: ScalarID) {
      self.body = body
      self.value = value
    }
  }

  package var row: VariableID
  package var column: VariableID
  package var depth: VariableID
  /// Counts the runs of the depth, for each of which all of it is summed up; nil is one.
  package var tap: VariableID?
  /// In terms of `row` and `depth`; made again for each tile of columns.
  package var left: Factor
  /// In terms of `depth` and `column`; made once for each block of rows where it is packed, else
  /// again for each tile of rows.
  package var right: Factor
  package var element: ElementType
  /// The finished element, readable in `body`.
  package var result: ScalarID
  package var tiling: Tiling
  /// The blocks that threads take: which block this is, and how many rows and columns it covers.
  package var block: Block?
  /// Carried out for each element of a finished tile; stores must be contiguous in `column`.
  package var body: [Node]

  /// A piece of the result.
  package struct Block: Sendable, Hashable {
    /// Numbers the blocks, row blocks within column blocks.
    package var variable: VariableID
    package var rows: Int
    package var columns: Int

    package init(variable: VariableID, rows: Int, columns: Int) {
      self.variable = variable
      self.rows = rows
      self.columns = columns
    }
  }

  package init(
    row: VariableID, column: VariableID, depth: VariableID, tap: VariableID? = nil,
    left: Factor, right: Factor, element: ElementType, result: ScalarID, tiling: Tiling,
    body: [Node] = []
  ) {
    self.row = row
    self.column = column
    self.depth = depth
    self.tap = tap
    self.left = left
    self.right = right
    self.element = element
    self.result = result
    self.tiling = tiling
    self.body = body
  }
}

extension Contract {
  /// The variables that are summed over, outermost first.
  package var summed: [VariableID] { (tap.map { [$0] } ?? []) + [depth] }

  /// How many products an element is the sum of.
  package func termCount(in kernel: Kernel) -> Int {
    summed.reduce(1) { $0 * kernel.variables[$1.index].extent }
  }
}
