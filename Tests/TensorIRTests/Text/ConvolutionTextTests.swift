import TensorIR
import Testing

/// Convolutions that must be refused when read.
@Suite struct ConvolutionTextTests {
  /// What a mistaken convolution says, and what is said of it.
  struct Mistake: Sendable {
    var numbers = "[b, 0, f]x[0, i, o]->[b, 0, f]"
    var window = ""
    var groups = "batch_group_count = 1 : i64, feature_group_count = 1 : i64"
    var kernel = "%w"
    var type = "tensor<2x3x4xf32>"
    var result = "tensor<2x4x4xf32>"
    var message: String

    /// A count of groups of the batch and of features.
    static func groups(_ batch: Int, _ features: Int) -> String {
      "batch_group_count = \(batch) : i64, feature_group_count = \(features) : i64"
    }
  }

  private static let mistakes: [Mistake] = [
    Mistake(kernel: "%m", type: "tensor<4x5xf32>", message: "stablehlo.convolution (C1)"),
    Mistake(
      numbers: "[b, 0, 0]x[0, i, o]->[b, 0, f]",
      message: "name b, f, i, o and each spatial axis once"),
    Mistake(
      numbers: "[b, 1, f]x[0, i, o]->[b, 0, f]",
      message: "name b, f, i, o and each spatial axis once"),
    Mistake(numbers: "[b, f]x[i, o]->[b, f]", message: "2 input axes are named, not 3"),
    Mistake(window: "stride = [0]", message: "(C3): strides [0] must be positive"),
    Mistake(window: "stride = [1, 1]", message: "(C3): stride has 2 entries for 1 spatial axes"),
    Mistake(
      window: "pad = [[9223372036854775807, 0]]",
      message: "(C3): the window along spatial axis 0 is too large"),
    Mistake(
      window: "pad = [[-9223372036854775808, 0]]",
      message: "(C3): the window along spatial axis 0 is too large"),
    Mistake(
      window: "lhs_dilate = [9223372036854775807]",
      message: "(C3): the window along spatial axis 0 is too large"),
    Mistake(window: "pad = [[1, 0], 3]", message: "must be a list of pairs of integers"),
    Mistake(window: "reverse = [2]", message: "must be a list of booleans"),
    Mistake(window: "size = [2]", message: "window has the unknown attribute size"),
    Mistake(groups: Mistake.groups(2, 2), message: "(C4): group counts 2 of features"),
    Mistake(groups: Mistake.groups(1, -1), message: "(C4): group counts -1 of features"),
    Mistake(groups: Mistake.groups(1, 2), message: "(C5): input features of"),
    Mistake(groups: Mistake.groups(3, 1), message: "(C5): the batch of tensor<2x5x3xf32>"),
    Mistake(
      kernel: "%d", type: "tensor<2x3x4xf64>",
      message: "(C6): element types must be equal numbers"),
    Mistake(result: "tensor<2x4x4xbf16>", message: "(C6): elements of tensor<2x5x3xf32>"),
    Mistake(result: "tensor<2x5x4xf32>", message: "gives tensor<2x4x4xf32>"),
    Mistake(
      groups: Mistake.groups(1, 1) + ", precision_config = [#stablehlo<precision LOW>]",
      message: "precision is DEFAULT, HIGH or HIGHEST"),
  ]

  @Test(arguments: mistakes)
  func isRefused(mistake: Mistake) {
    let text = """
      func.func @f(
        %x: tensor<2x5x3xf32>, %w: tensor<2x3x4xf32>, %m: tensor<4x5xf32>, %d: tensor<2x3x4xf64>
      ) {
        %0 = stablehlo.convolution(%x, \(mistake.kernel)) dim_numbers = \(mistake.numbers), \
      window = {\(mistake.window)} {\(mistake.groups)} : \
      (tensor<2x5x3xf32>, \(mistake.type)) -> \(mistake.result)
        return
      }
      """
    let error = #expect(throws: AdjointError.self) { try Module(parsing: text, file: "t") }
    #expect(error?.message.contains(mistake.message) == true, "\(error?.message ?? "no error")")
    #expect(error?.location.line == 4)
  }
}
