// The text of `convolution`.

/// The dimension numbers `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]` as written: axis by axis the letter of
/// a role or the number of a spatial axis.
struct ConvolutionNumbers {
  var input: [String]
  var kernel: [String]
  var output: [String]

  /// Dimension numbers as written axis by axis.
  init(input: [String], kernel: [String], output: [String]) {
    self.input = input
    self.kernel = kernel
    self.output = output
  }

  /// Dimension numbers as written role by role: `raw input_batch_dimension = 0, …`.
  init(_ fields: inout AttributeDictionary) throws {
    func letters(_ side: String, _ roles: [(word: String, letter: String)]) throws -> [String] {
      let spatial = try fields.optionalIntegers("\(side)_spatial_dimensions")
      var places = spatial.enumerated().map { (axis: $1, letter: "\($0)") }
      for role in roles {
        let axis = try fields.optionalInteger("\(side)_\(role.word)_dimension")
        places.append((axis, role.letter))
      }
      places.sort { $0.axis < $1.axis }
      guard places.map(\.axis) == Array(places.indices) else {
        throw AdjointError(
          .type, "\(fields.owner): the dimensions of \(side) are not distinct axes",
          at: fields.location)
      }
      return places.map(\.letter)
    }
    input = try letters("input", [("batch", "b"), ("feature", "f")])
    kernel = try letters("kernel", [("input_feature", "i"), ("output_feature", "o")])
    output = try letters("output", [("batch", "b"), ("feature", "f")])
    try fields.requireEmpty()
  }

  /// Where a letter stands; nil unless it does exactly once.
  private static func place(of letter: String, in axes: [String]) -> Int? {
    let places = axes.indices.filter { axes[$0] == letter }
    return places.count == 1 ? places[0] : nil
  }

  /// Where the spatial axes stand, in the order of their numbers; nil where a number is missing.
  private static func spatial(_ axes: [String]) -> [Int]? {
    let places = (0..<max(axes.count - 2, 0)).compactMap { place(of: "\($0)", in: axes) }
    return places.count == axes.count - 2 ? places : nil
  }

  /// The layout of an input or result.
  private static func layout(_ axes: [String]) -> Convolution.Layout? {
    guard let batch = place(of: "b", in: axes), let feature = place(of: "f", in: axes),
      let spatial = spatial(axes)
    else { return nil }
    return Convolution.Layout(batch: batch, feature: feature, spatial: spatial)
  }

  /// A convolution with these dimension numbers and a window that does nothing.
  func convolution() -> Convolution? {
    guard let input = Self.layout(input), let output = Self.layout(output),
      let inputFeature = Self.place(of: "i", in: kernel),
      let outputFeature = Self.place(of: "o", in: kernel), let spatial = Self.spatial(kernel),
      input.spatial.count == output.spatial.count, input.spatial.count == spatial.count
    else { return nil }
    return Convolution(
      input: input,
      kernel: Convolution.KernelLayout(
        input: inputFeature, output: outputFeature, spatial: spatial), output: output)
  }
}

extension TextCursor {
  /// Reads `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`.
  mutating func convolutionNumbers() throws -> ConvolutionNumbers {
    let input = try axisLetters()
    try expect(word: "x")
    let kernel = try axisLetters()
    try expectArrow()
    return ConvolutionNumbers(input: input, kernel: kernel, output: try axisLetters())
  }

  /// Reads letters and numbers in brackets.
  private mutating func axisLetters() throws -> [String] {
    var letters = [String]()
    try list(from: "[", to: "]") { cursor in
      let letter = cursor.acceptWord()
      letters.append(try letter ?? "\(cursor.integer())")
    }
    return letters
  }
}

extension ModuleParser {
  /// Reads `(%a, %b) dim_numbers = …, window = {stride = […], pad = [[…]], lhs_dilate = […], rhs_dilate =
  /// […], reverse = […]}`; all parts of the window may be missing.
  mutating func convolutionForm(
    of draft: inout OperationDraft, in body: inout BodyParser
  ) throws {
    try operandList(of: &draft, in: &body)
    try cursor.expect(word: "dim_numbers")
    try cursor.expect("=")
    try draft.attributes.add("dimension_numbers", .convolution(try cursor.convolutionNumbers()))
    try cursor.expect(",")
    try cursor.expect(word: "window")
    try cursor.expect("=")
    var window = AttributeDictionary(of: "window", at: draft.attributes.location)
    try cursor.attributes(into: &window)
    for (short, long) in [
      ("stride", "window_strides"), ("pad", "padding"), ("lhs_dilate", "lhs_dilation"),
      ("rhs_dilate", "rhs_dilation"), ("reverse", "window_reversal"),
    ] {
      guard let entry = window.take(short) else { continue }
      try draft.attributes.add(long, entry.value, at: entry.location)
    }
    try window.requireEmpty()
  }
}

extension OperationDraft {
  /// The convolution's attributes.
  mutating func convolution() throws -> Convolution {
    guard case .convolution(let numbers)? = attributes.take("dimension_numbers")?.value,
      var result = numbers.convolution()
    else {
      throw AdjointError(
        .syntax, "dimension_numbers of \(mnemonic) name b, f, i, o and each spatial axis once",
        at: attributes.location)
    }
    func entries(_ name: String, _ usual: Int) throws -> [Int] {
      let isWritten = attributes.entries.contains { $0.name == name }
      return isWritten
        ? try attributes.integers(name) : result.input.spatial.map { _ in usual }
    }
    result.strides = try entries("window_strides", 1)
    result.inputDilation = try entries("lhs_dilation", 1)
    result.kernelDilation = try entries("rhs_dilation", 1)
    if let reversal = try attributes.optionalBooleans("window_reversal") {
      result.reversal = reversal
    }
    if let padding = try attributes.optionalPairs("padding") {
      result.low = padding.map { $0[0] }
      result.high = padding.map { $0[1] }
    }
    result.featureGroups = try attributes.integer("feature_group_count")
    result.batchGroups = try attributes.integer("batch_group_count")
    result.precision = try precision()
    if let sum = results.types.first?.element, sum != operandTypes.first?.element {
      result.resultElement = sum
    }
    return result
  }
}

extension FunctionPrinter {
  /// Writes `stablehlo.convolution(%a, %b) dim_numbers = …, window = {…} {…} : …`.
  mutating func writeConvolution(_ convolution: Convolution, _ operation: Operation) {
    let padding = zip(convolution.low, convolution.high).map { "[\($0), \($1)]" }
    let window = [
      "stride = \(convolution.strides)", "pad = [\(padding.joined(separator: ", "))]",
      "lhs_dilate = \(convolution.inputDilation)", "rhs_dilate = \(convolution.kernelDilation)",
      "reverse = \(convolution.reversal)",
    ]
    var groups = [
      "batch_group_count = \(convolution.batchGroups) : i64",
      "feature_group_count = \(convolution.featureGroups) : i64",
    ]
    let precision = convolution.precision.written(at: operation.location)
    if !precision.isEmpty {
      let words = precision.map { "#stablehlo<precision \($0.rawValue)>" }
      groups.append("precision_config = [\(words.joined(separator: ", "))]")
    }
    text += "stablehlo.convolution(\(list(operation.operands)))"
    text += " dim_numbers = \(convolution.numbersText)"
    text += ", window = {\(window.joined(separator: ", "))}"
    text += " {\(groups.joined(separator: ", "))} : \(functionType(operation))"
  }
}

extension Convolution {
  /// The dimension numbers as in text.
  fileprivate var numbersText: String {
    func letters(_ first: (String, Int), _ second: (String, Int), _ spatial: [Int]) -> String {
      var axes = [String](repeating: "", count: spatial.count + 2)
      axes[first.1] = first.0
      axes[second.1] = second.0
      for (number, axis) in spatial.enumerated() { axes[axis] = "\(number)" }
      return "[\(axes.joined(separator: ", "))]"
    }
    let input = letters(("b", input.batch), ("f", input.feature), input.spatial)
    let kernel = letters(("i", kernel.input), ("o", kernel.output), kernel.spatial)
    let output = letters(("b", output.batch), ("f", output.feature), output.spatial)
    return "\(input)x\(kernel)->\(output)"
  }
}
