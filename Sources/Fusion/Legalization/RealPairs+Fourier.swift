internal import TensorIR

extension RealPairs {
  /// A Fourier transform of parts, axis after axis.
  mutating func copied(
    _ transform: FourierTransform, _ operand: ValueID, _ type: TensorType
  ) throws -> [ValueID] {
    if type.count == 0 || source[operand].count == 0 {
      let zero = try builder.splat(0, TensorType(type.shape, type.element.partType))
      return type.element.isComplex ? [zero, zero] : [zero]
    }
    var fourier = FourierExpansion(builder)
    defer { builder = fourier.builder }
    let (last, count) = (type.rank - 1, transform.lengths.count)
    let outer = (type.rank - count)..<last
    let length = transform.lengths[count - 1]
    switch transform.kind {
    case .forward, .inverse:
      var result = pair(operand)
      for axis in [last] + outer.reversed() {
        result = try fourier.transformed(result, axis, isInverse: transform.kind == .inverse)
      }
      return [result.real, result.imaginary]
    case .real:
      var result = try fourier.spectrum(of: whole(operand), last)
      for axis in outer.reversed() {
        result = try fourier.transformed(result, axis, isInverse: false)
      }
      return [result.real, result.imaginary]
    case .realInverse:
      var result = pair(operand)
      for axis in outer { result = try fourier.transformed(result, axis, isInverse: true) }
      return [try fourier.signal(of: result, last, length: length)]
    }
  }
}

/// Fourier transforms of pairs as products with small matrices.
///
/// A length is taken apart into factors r·m (Cooley and Tukey, 1965): r-point transforms, which are
/// products with a matrix of roots, rotations by further roots, and transforms of length m. Parts stand
/// side by side along the summed axis, so that a complex product is one real product of twice the depth.
/// A length with a large prime factor becomes a convolution of a longer, smooth length (Bluestein, 1970).
/// `Docs/adr` says why.
struct FourierExpansion {
  /// Where the operations are written.
  var builder: FunctionBuilder

  init(_ builder: FunctionBuilder) { self.builder = builder }

  /// The greatest factor that is a product with a matrix, if lengths have others; and of primes.
  static let factorLimit = 64
  static let primeLimit = 128
  /// What a factor costs besides its own size: passes through memory.
  private static let factorCost = 40

  /// The first factor of a length: the one with which all factors cost least; the length itself where
  /// it is a factor, and nil where it has a prime that is too large.
  static func factor(of length: Int) -> Int? {
    var known: [Int: (cost: Int, factor: Int)] = [1: (0, 1)]
    func best(_ length: Int) -> (cost: Int, factor: Int)? {
      if let found = known[length] { return found }
      var result: (cost: Int, factor: Int)?
      let isPrime = !(2..<length).contains { $0 * $0 <= length && length % $0 == 0 }
      let limit = isPrime ? primeLimit : factorLimit
      for factor in 2...max(2, min(limit, length)) where length % factor == 0 {
        guard let rest = best(length / factor) else { continue }
        let cost = factor + factorCost + rest.cost
        if result.map({ cost < $0.cost }) ?? true { result = (cost, factor) }
      }
      if let result { known[length] = result }
      return result
    }
    return best(length)?.factor
  }

  /// The least length of small prime factors that is at least `length`.
  static func smoothLength(atLeast length: Int) -> Int {
    var candidate = length
    while true {
      var rest = candidate
      for prime in [2, 3, 5] { while rest % prime == 0 { rest /= prime } }
      if rest == 1 { return candidate }
      candidate += 1
    }
  }

  /// A pair seen as rows of the axis, with what stands before and behind it merged.
  private struct Grid {
    var before: Int
    var length: Int
    var behind: Int

    init(_ shape: [Int], _ axis: Int) {
      before = shape[..<axis].reduce(1, *)
      length = shape[axis]
      behind = shape[(axis + 1)...].reduce(1, *)
    }

    var shape: [Int] { [before, length, behind] }
  }

  // MARK: Complex transforms

  /// The transform of a pair along an axis; the inverse is divided by the length.
  mutating func transformed(_ pair: Pair, _ axis: Int, isInverse: Bool) throws -> Pair {
    let shape = builder[pair.real].shape
    let grid = Grid(shape, axis)
    let flat = try reshaped(pair, to: grid.shape)
    return try reshaped(transformed(flat, isInverse: isInverse), to: shape)
  }

  /// The transform along the middle one of three axes.
  private mutating func transformed(_ pair: Pair, isInverse: Bool) throws -> Pair {
    let shape = builder[pair.real].shape
    let length = shape[1]
    if length == 1 { return pair }
    guard let factor = Self.factor(of: length) else {
      return try convolved(pair, isInverse: isInverse)
    }
    if factor == length { return try multiplied(pair, isInverse: isInverse) }
    let rest = length / factor
    // Places j = j₁·m + j₂ and k = k₁ + r·k₂.
    let first = try multiplied(
      reshaped(pair, to: [shape[0], factor, rest * shape[2]]), isInverse: isInverse)
    let turned = try rotated(
      reshaped(first, to: [shape[0], factor, rest, shape[2]]), length, isInverse: isInverse)
    let second = try transformed(
      reshaped(turned, to: [shape[0] * factor, rest, shape[2]]), isInverse: isInverse)
    return try reshaped(
      transposed(
        reshaped(second, to: [shape[0], factor, rest, shape[2]]), permutation: [0, 2, 1, 3]),
      to: shape)
  }

  /// An r-point transform along the middle one of three axes, as one product.
  private mutating func multiplied(_ pair: Pair, isInverse: Bool) throws -> Pair {
    let shape = builder[pair.real].shape
    let length = shape[1]
    let matrix = try builder.constant(
      rootMatrix(length, rows: 2, columns: (2, length), isInverse: isInverse, element(pair)))
    let stack = try stacked([pair.real, pair.imaginary])
    return try split(product(stack, matrix, columns: length), columns: length)
  }

  /// The elements times w^(j₂·k₁) along the axes of k₁ and j₂, the second and third of four.
  private mutating func rotated(_ pair: Pair, _ length: Int, isInverse: Bool) throws -> Pair {
    let shape = builder[pair.real].shape
    let (factor, rest) = (shape[1], shape[2])
    var (cosines, sines) = ([Double](), [Double]())
    for row in 0..<factor {
      for column in 0..<rest {
        let root = FourierTransform.root(row * column % length, of: length)
        cosines.append(root.cosine)
        sines.append(isInverse ? root.sine : -root.sine)
      }
    }
    let type = TensorType([factor, rest], element(pair))
    let wide = try [cosines, sines].map { values in
      try builder.broadcast(
        builder.constant(Literal(type, doubles: values)), to: shape, dimensions: [1, 2])
    }
    return try product(pair, Pair(real: wide[0], imaginary: wide[1]))
  }

  /// Σ x[j] w^(jk) as a convolution, by jk = (j² + k² − (k − j)²) / 2.
  private mutating func convolved(_ pair: Pair, isInverse: Bool) throws -> Pair {
    let shape = builder[pair.real].shape
    let length = shape[1]
    let padded = Self.smoothLength(atLeast: 2 * length - 1)
    let chirp = (0..<length).map { index -> (Double, Double) in
      let root = FourierTransform.root(index * index % (2 * length), of: 2 * length)
      return (root.cosine, isInverse ? root.sine : -root.sine)
    }
    /// A constant pair along the middle axis.
    func constant(_ values: [(Double, Double)], _ shape: [Int]) throws -> Pair {
      let type = TensorType([values.count], element(pair))
      let parts = try [values.map(\.0), values.map(\.1)].map { part in
        try builder.broadcast(
          builder.constant(Literal(type, doubles: part)), to: shape, dimensions: [1])
      }
      return Pair(real: parts[0], imaginary: parts[1])
    }
    var kernel = [(Double, Double)](repeating: (0, 0), count: padded)
    for index in 0..<length {
      kernel[index] = (chirp[index].0, -chirp[index].1)
      if index > 0 { kernel[padded - index] = kernel[index] }
    }
    let wide = [shape[0], padded, shape[2]]
    let turned = try product(pair, constant(chirp, shape))
    let spectrum = try transformed(self.padded(turned, to: padded), isInverse: false)
    let response = try constant(Self.spectrum(of: kernel), wide)
    let result = try transformed(product(spectrum, response), isInverse: true)
    let cut = try sliced(result, 0, length)
    var factors = chirp
    if isInverse { factors = factors.map { ($0.0 / Double(length), $0.1 / Double(length)) } }
    return try product(cut, constant(factors, shape))
  }

  /// The transform of numbers that are known, in double precision.
  private static func spectrum(of values: [(Double, Double)]) -> [(Double, Double)] {
    let length = values.count
    guard length > 1, let factor = (2...5).first(where: { length % $0 == 0 }) else { return values }
    let rest = length / factor
    let parts = (0..<factor).map { part in
      spectrum(of: (0..<rest).map { values[$0 * factor + part] })
    }
    return (0..<length).map { index in
      var sum = (0.0, 0.0)
      for part in 0..<factor {
        let root = FourierTransform.root(part * index % length, of: length)
        let (a, b) = parts[part][index % rest]
        sum.0 += a * root.cosine + b * root.sine
        sum.1 += b * root.cosine - a * root.sine
      }
      return sum
    }
  }

  // MARK: Transforms of real numbers

  /// The first half of the spectrum of real numbers along an axis.
  mutating func spectrum(of signal: ValueID, _ axis: Int) throws -> Pair {
    let shape = builder[signal].shape
    let grid = Grid(shape, axis)
    var result = shape
    result[axis] = grid.length / 2 + 1
    let flat = try builder.reshape(signal, to: grid.shape)
    return try reshaped(spectrum(of: flat), to: result)
  }

  /// The first half of the spectrum along the middle one of three axes.
  private mutating func spectrum(of signal: ValueID) throws -> Pair {
    let shape = builder[signal].shape
    let (length, half) = (shape[1], shape[1] / 2 + 1)
    guard let factor = Self.factor(of: length) ?? (length == 1 ? 1 : nil) else {
      let zero = try builder.splat(0, builder[signal])
      let whole = try convolved(Pair(real: signal, imaginary: zero), isInverse: false)
      return try sliced(whole, 0, half)
    }
    if factor == length {
      let matrix = try builder.constant(
        rootMatrix(
          length, rows: 1, columns: (2, half), isInverse: false, builder[signal].element))
      return try split(product(signal, matrix, columns: half), columns: half)
    }
    // As for complex numbers, but the r-point transforms have mirror images, and so have the results.
    let rest = length / factor
    let kept = factor / 2 + 1
    let matrix = try builder.constant(
      rootMatrix(factor, rows: 1, columns: (2, kept), isInverse: false, builder[signal].element))
    let rows = try builder.reshape(signal, to: [shape[0], factor, rest * shape[2]])
    let first = try split(product(rows, matrix, columns: kept), columns: kept)
    let turned = try rotated(
      reshaped(first, to: [shape[0], kept, rest, shape[2]]), length, isInverse: false)
    let second = try transformed(
      reshaped(turned, to: [shape[0] * kept, rest, shape[2]]), isInverse: false)
    let grid = try reshaped(second, to: [shape[0], kept, rest, shape[2]])
    let whole = try mirrored(grid, factor)
    let ordered = try reshaped(transposed(whole, permutation: [0, 2, 1, 3]), to: shape)
    return try sliced(ordered, 0, half)
  }

  /// Rows k₁ up to r/2 of a spectrum of real numbers with the others, which are conjugates: that of
  /// k₁ + r·k₂ is the one of (r − k₁) + r·(m − 1 − k₂).
  private mutating func mirrored(_ pair: Pair, _ factor: Int) throws -> Pair {
    let missing = factor - (factor / 2 + 1)
    if missing == 0 { return pair }
    /// The missing rows of one part.
    func mirror(_ part: ValueID, _ pass: inout FourierExpansion) throws -> ValueID {
      let rows = try pass.sliced(part, axis: 1, 1, 1 + missing)
      return try pass.builder.emit(.shape(.reverse(dimensions: [1, 2])), [rows])
    }
    let real = try builder.emit(
      .shape(.concatenate(dimension: 1)), [pair.real, mirror(pair.real, &self)])
    let opposite = try builder.negate(mirror(pair.imaginary, &self))
    let imaginary = try builder.emit(
      .shape(.concatenate(dimension: 1)), [pair.imaginary, opposite])
    return Pair(real: real, imaginary: imaginary)
  }

  /// The real numbers of a length whose spectrum's first half stands along an axis.
  mutating func signal(of pair: Pair, _ axis: Int, length: Int) throws -> ValueID {
    let shape = builder[pair.real].shape
    let grid = Grid(shape, axis)
    var result = shape
    result[axis] = length
    let flat = try reshaped(pair, to: grid.shape)
    return try builder.reshape(signal(of: flat, length: length), to: result)
  }

  /// The real numbers of a length whose spectrum's first half stands along the middle one of three axes.
  private mutating func signal(of pair: Pair, length: Int) throws -> ValueID {
    let shape = builder[pair.real].shape
    if length == 1 { return pair.real }
    guard let factor = Self.factor(of: length) else {
      let whole = try completed(pair, to: length)
      return try convolved(whole, isInverse: true).real
    }
    if factor == length {
      let matrix = try builder.constant(signalMatrix(length, element(pair)))
      let stack = try stacked([pair.real, pair.imaginary])
      return try product(stack, matrix, columns: length)
    }
    // Places k = k₁·m + k₂ and j = j₁ + r·j₂; what stands at m − k₂ is the conjugate of that at k₂.
    let rest = length / factor
    let kept = rest / 2 + 1
    let whole = try reshaped(
      completed(pair, to: length), to: [shape[0], factor, rest, shape[2]])
    let part = Pair(
      real: try sliced(whole.real, axis: 2, 0, kept),
      imaginary: try sliced(whole.imaginary, axis: 2, 0, kept))
    let first = try multiplied(
      reshaped(part, to: [shape[0], factor, kept * shape[2]]), isInverse: true)
    let turned = try rotated(
      reshaped(first, to: [shape[0], factor, kept, shape[2]]), length, isInverse: true)
    let second = try signal(
      of: reshaped(turned, to: [shape[0] * factor, kept, shape[2]]), length: rest)
    let ordered = try builder.transpose(
      builder.reshape(second, to: [shape[0], factor, rest, shape[2]]), permutation: [0, 2, 1, 3])
    return try builder.reshape(ordered, to: [shape[0], length, shape[2]])
  }

  /// Half a spectrum with the other half, its conjugates in reverse; what has no mirror image is real.
  private mutating func completed(_ pair: Pair, to length: Int) throws -> Pair {
    let shape = builder[pair.real].shape
    let half = length / 2 + 1
    let missing = length - half
    var imaginary = pair.imaginary
    // The imaginary parts that do not count: of the first element, and of the middle one.
    let flags = (0..<half).map { $0 == 0 || 2 * $0 == length ? 0.0 : 1.0 }
    let type = TensorType([half], element(pair))
    let mask = try builder.broadcast(
      builder.constant(Literal(type, doubles: flags)), to: shape, dimensions: [1])
    let counts = try builder.emit(
      .compare(Comparison(.notEqual)), [mask, builder.splat(0, builder[mask])])
    imaginary = try builder.select(counts, imaginary, builder.splat(0, builder[mask]))
    if missing == 0 { return Pair(real: pair.real, imaginary: imaginary) }
    func mirror(_ part: ValueID, _ pass: inout FourierExpansion) throws -> ValueID {
      let rows = try pass.sliced(part, axis: 1, 1, 1 + missing)
      return try pass.builder.emit(.shape(.reverse(dimensions: [1])), [rows])
    }
    let join = Op.shape(.concatenate(dimension: 1))
    let opposite = try builder.negate(mirror(imaginary, &self))
    return Pair(
      real: try builder.emit(join, [pair.real, mirror(pair.real, &self)]),
      imaginary: try builder.emit(join, [imaginary, opposite]))
  }

  // MARK: Matrices

  /// The roots that turn `rows` parts of numbers into both parts of the first results, as a matrix of
  /// (part, place) by (part, place); the inverse is divided by the length.
  private func rootMatrix(
    _ length: Int, rows: Int, columns: (parts: Int, count: Int), isInverse: Bool,
    _ element: ElementType
  ) -> Literal {
    let scale = isInverse ? 1 / Double(length) : 1
    var values = [Double]()
    for part in 0..<rows {
      for place in 0..<length {
        for result in 0..<columns.parts {
          for index in 0..<columns.count {
            let root = FourierTransform.root(place * index % length, of: length)
            let sine = isInverse ? root.sine : -root.sine
            // (a + ib)(c + is) = ac − bs + i(as + bc)
            let entry = part == result ? root.cosine : part == 0 ? sine : -sine
            values.append(entry * scale)
          }
        }
      }
    }
    return Literal(
      TensorType([rows * length, columns.parts * columns.count], element), doubles: values)
  }

  /// The matrix that makes real numbers of both parts of half a spectrum.
  private func signalMatrix(_ length: Int, _ element: ElementType) -> Literal {
    let half = length / 2 + 1
    var values = [Double]()
    for part in 0..<2 {
      for place in 0..<half {
        let isSingle = place == 0 || 2 * place == length
        let weight = (isSingle ? 1 : 2) / Double(length)
        for index in 0..<length {
          let root = FourierTransform.root(place * index % length, of: length)
          values.append(part == 0 ? weight * root.cosine : isSingle ? 0 : -weight * root.sine)
        }
      }
    }
    return Literal(TensorType([2 * half, length], element), doubles: values)
  }

  /// Σ over (part, place), the middle axis of the stack, with a matrix; the results' (part, place) are
  /// the middle axis.
  private mutating func product(
    _ stack: ValueID, _ matrix: ValueID, columns: Int
  ) throws -> ValueID {
    let shape = builder[stack].shape
    let (depth, results) = (shape[1], builder[matrix].shape[1])
    if shape[2] == 1 {
      let rows = try builder.reshape(stack, to: [shape[0], depth])
      let dot = DotDimensions(leftContracting: [1], rightContracting: [0])
      return try builder.reshape(
        builder.emit(.dot(dot), [rows, matrix]), to: [shape[0], results, 1])
    }
    if shape[0] == 1 {
      let rows = try builder.reshape(stack, to: [depth, shape[2]])
      let dot = DotDimensions(leftContracting: [0], rightContracting: [0])
      return try builder.reshape(
        builder.emit(.dot(dot), [matrix, rows]), to: [1, results, shape[2]])
    }
    let wide = try builder.broadcast(
      matrix, to: [shape[0], depth, results], dimensions: [1, 2])
    let dot = DotDimensions(
      leftBatching: [0], rightBatching: [0], leftContracting: [1], rightContracting: [1])
    return try builder.emit(.dot(dot), [wide, stack])
  }

  // MARK: Pairs

  private func element(_ pair: Pair) -> ElementType { builder[pair.real].element }

  private mutating func reshaped(_ pair: Pair, to shape: [Int]) throws -> Pair {
    Pair(
      real: try builder.reshape(pair.real, to: shape),
      imaginary: try builder.reshape(pair.imaginary, to: shape))
  }

  private mutating func transposed(_ pair: Pair, permutation: [Int]) throws -> Pair {
    Pair(
      real: try builder.transpose(pair.real, permutation: permutation),
      imaginary: try builder.transpose(pair.imaginary, permutation: permutation))
  }

  private mutating func product(_ x: Pair, _ y: Pair) throws -> Pair {
    let straight = try builder.multiply(x.real, y.real)
    let turned = try builder.multiply(x.imaginary, y.imaginary)
    let first = try builder.multiply(x.real, y.imaginary)
    let second = try builder.multiply(x.imaginary, y.real)
    return Pair(
      real: try builder.subtract(straight, turned), imaginary: try builder.add(first, second))
  }

  /// Tensors one after the other along the middle axis.
  private mutating func stacked(_ parts: [ValueID]) throws -> ValueID {
    try builder.emit(.shape(.concatenate(dimension: 1)), parts)
  }

  /// Both parts of what a product gives.
  private mutating func split(_ value: ValueID, columns: Int) throws -> Pair {
    Pair(
      real: try sliced(value, axis: 1, 0, columns),
      imaginary: try sliced(value, axis: 1, columns, 2 * columns))
  }

  private mutating func sliced(_ pair: Pair, _ start: Int, _ limit: Int) throws -> Pair {
    Pair(
      real: try sliced(pair.real, axis: 1, start, limit),
      imaginary: try sliced(pair.imaginary, axis: 1, start, limit))
  }

  private mutating func sliced(
    _ value: ValueID, axis: Int, _ start: Int, _ limit: Int
  ) throws -> ValueID {
    let shape = builder[value].shape
    if start == 0, limit == shape[axis] { return value }
    var (starts, limits) = (shape.map { _ in 0 }, shape)
    (starts[axis], limits[axis]) = (start, limit)
    return try builder.emit(
      .shape(.slice(starts: starts, limits: limits, strides: shape.map { _ in 1 })), [value])
  }

  /// A pair with zeros behind it along the middle axis.
  private mutating func padded(_ pair: Pair, to length: Int) throws -> Pair {
    let extent = builder[pair.real].shape[1]
    let zero = try builder.splat(0, TensorType([], element(pair)))
    let op = Op.shape(
      .pad(low: [0, 0, 0], high: [0, length - extent, 0], interior: [0, 0, 0]))
    return Pair(
      real: try builder.emit(op, [pair.real, zero]),
      imaginary: try builder.emit(op, [pair.imaginary, zero]))
  }
}
