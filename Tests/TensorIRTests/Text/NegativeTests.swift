import TensorIR
import TestSupport
import Testing

/// Texts that must be refused, each with its exact place.
@Suite struct NegativeTests {
  /// Files whose wrong line says what is wrong.
  @Test(arguments: goldenCases(in: "TensorIRTests", subfolder: "errors"))
  func files(golden: GoldenCase) {
    golden.checkError { _ = try Module(parsing: $0, file: $1) }
  }

  /// Every kind of mistake in an operation; `§` stands where the error must point.
  @Test(arguments: operationMistakes)
  func operations(mistake: Mistake) throws {
    try mistake.check(inside: {
      "func.func @f(%x: tensor<4xf32>, %s: tensor<f32>) {\n  \($0)\n  return\n}"
    })
  }

  /// Mistakes around operations.
  @Test(arguments: moduleMistakes)
  func modules(mistake: Mistake) throws {
    try mistake.check(inside: { $0 })
  }

  /// Every beginning of a program is refused, at a place inside it or right behind it.
  @Test(arguments: ["scalar", "mlp_small", "gmm"])
  func truncations(name: String) throws {
    let bytes = Array(try programText(name).utf8.dropLast(2))
    for count in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 400)) {
      let text = String(decoding: bytes.prefix(count), as: UTF8.self)
      let error = #expect(throws: AdjointError.self) { try Module(parsing: text, file: "t") }
      #expect(error?.location.isKnown == true && error?.location.line ?? 0 > 0)
    }
  }

  /// Nesting of any kind ends in an error, not in an exhausted stack.
  @Test(arguments: [
    String(repeating: "{", count: 100_000), String(repeating: "[", count: 100_000),
    String(repeating: "(", count: 100_000), String(repeating: "#a.b<c = ", count: 100_000),
    String(repeating: "({\"stablehlo.reduce\"() ", count: 50_000),
  ])
  func deepNesting(text: String) {
    let places = [
      "module attributes \(text)", "func.func @f(%x: tensor<f32>) attributes \(text)",
      "func.func @f() {\n %0 = \"stablehlo.reduce\"() <{a = \(text)",
      "func.func @f() {\n %0 = \"stablehlo.reduce\"() \(text)",
      "func.func @f() {\n %0 = stablehlo.constant dense<\(text)", text,
    ]
    for place in places {
      #expect(throws: AdjointError.self) { try Module(parsing: place, file: "t") }
    }
  }

  /// A chain of calls that is too long is refused whichever end is written first.
  @Test(arguments: [false, true])
  func longCallChains(isReversed: Bool) {
    var functions = (0..<2000).map { index in
      """
      func.func @f\(index)(%x: tensor<f32>) -> tensor<f32> {
        %0 = call @f\(index + 1)(%x) : (tensor<f32>) -> tensor<f32>
        return %0 : tensor<f32>
      }
      """
    }
    functions.append("func.func @f2000(%x: tensor<f32>) -> tensor<f32> { return %x : tensor<f32> }")
    if isReversed { functions.reverse() }
    let text = functions.joined(separator: "\n")
    let error = #expect(throws: AdjointError.self) { try Module(parsing: text, file: "t") }
    #expect(error?.message.contains("calls nest more than 256 deep") == true)
  }
}

/// A text with `§` where the error must point, and the error.
struct Mistake: Sendable, CustomTestStringConvertible {
  let text: String
  let kind: AdjointError.Kind
  let message: String

  init(_ text: String, _ kind: AdjointError.Kind, _ message: String) {
    self.text = text
    self.kind = kind
    self.message = message
  }

  var testDescription: String { message }

  /// Checks kind, message, line and column of the error for the text inside `frame`.
  func check(inside frame: (String) -> String) throws {
    let marked = frame(text)
    let parts = marked.split(separator: "§", omittingEmptySubsequences: false)
    try #require(parts.count == 2, "the text needs one mark")
    let lines = parts[0].split(separator: "\n", omittingEmptySubsequences: false)
    let error = #expect(throws: AdjointError.self) {
      try Module(parsing: parts.joined(), file: "case.mlir")
    }
    let place = SourceLocation(
      file: "case.mlir", line: lines.count, column: lines[lines.count - 1].utf8.count + 1)
    #expect(error == AdjointError(kind, message, at: place))
  }
}

private let operationMistakes: [Mistake] = [
  Mistake("%0 = §stablehlo.foo %x : tensor<4xf32>", .unsupported, "unknown op stablehlo.foo"),
  Mistake("%0 = §\"a.b\"(%x) : () -> ()", .unsupported, "unknown op a.b"),
  Mistake("%0 = §}", .syntax, "expected an operation, not '}'"),
  Mistake("%0 §stablehlo.abs %x : tensor<4xf32>", .syntax, "expected '=', not 'stablehlo.abs'"),
  Mistake("%0 = stablehlo.abs §%y : tensor<4xf32>", .syntax, "%y is not defined"),
  Mistake("%0 = stablehlo.abs §%x#1 : tensor<4xf32>", .syntax, "%x stands for 1 value"),
  Mistake("§%x = stablehlo.abs %x : tensor<4xf32>", .syntax, "%x is defined twice"),
  Mistake("%5:§0 = call @f() : () -> ()", .syntax, "a name stands for 1 to 65536 results"),
  Mistake(
    "§%0:2 = stablehlo.abs %x : tensor<4xf32>", .type,
    "2 results are named, but stablehlo.abs has 1"),
  Mistake("%0 = stablehlo.abs %x §tensor<4xf32>", .syntax, "expected ':', not 'tensor'"),
  Mistake("%0 = stablehlo.abs %x : §f32", .unsupported, "type f32 is not supported here"),
  Mistake("%0 = stablehlo.abs %x : §}", .syntax, "expected a tensor type, not '}'"),
  Mistake(
    "%0 = stablehlo.abs %x : tensor<4x§f8E4M3>", .unsupported,
    "element type f8E4M3 is not supported"),
  Mistake(
    "%0 = stablehlo.abs %x : tensor<§?xf32>", .unsupported, "dynamic extents are not supported"),
  Mistake("%0 = stablehlo.abs %x : tensor<§-4xf32>", .syntax, "the extent -4 is negative"),
  Mistake(
    "%0 = stablehlo.abs %x : tensor<§99999999999999999999xf32>", .syntax,
    "the integer does not fit 64 bits"),
  Mistake(
    "%0 = stablehlo.abs %x : §tensor<9999999999x9999999999xf32>", .type,
    "tensor<9999999999x9999999999xf32> is too large"),
  Mistake(
    "%0 = stablehlo.abs %x : §tensor<0x9999999999x9999999999xf32>", .type,
    "tensor<0x9999999999x9999999999xf32> is too large"),
  Mistake(
    "%0 = stablehlo.abs %x : §tensor<\(String(repeating: "1x", count: 65))f32>", .unsupported,
    "a tensor has at most 64 axes"),
  Mistake("%0 = stablehlo.abs %x : tensor<4 §f32>", .syntax, "expected 'x', not 'f32'"),
  Mistake(
    "%0 = stablehlo.abs %x : tensor<4xf32§, #a>", .unsupported, "tensor encodings are not supported"
  ),
  Mistake(
    "%0 = stablehlo.abs %x : §tensor<5xf32>", .type,
    "operand 0 is tensor<4xf32>, not tensor<5xf32>"),
  Mistake(
    "%0 = stablehlo.add %x, %s : §tensor<4xf32>", .type,
    "operand 1 is tensor<f32>, not tensor<4xf32>"),
  Mistake(
    "%0 = §stablehlo.add %x, %s : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>", .type,
    "stablehlo.add (C1): operands differ: tensor<4xf32> and tensor<f32>"),
  Mistake(
    "%0 = stablehlo.abs %x : (tensor<4xf32>) -> §tensor<3xf32>", .type,
    "stablehlo.abs gives tensor<4xf32>"),
  Mistake(
    "%0 = §\"stablehlo.abs\"(%x) : () -> tensor<4xf32>", .type,
    "stablehlo.abs has 1 operands and 0 types"),
  Mistake(
    "%0 = §\"stablehlo.abs\"(%x, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>", .type,
    "stablehlo.abs takes 1 operand, not 2"),
  Mistake(
    "%0 = §\"stablehlo.convert\"(%x) : (tensor<4xf32>) -> ()", .type,
    "stablehlo.convert has 1 result, not 0"),
  Mistake("%0 = stablehlo.slice %x [0:4] : §tensor<4xf32>", .syntax, "expected '(', not 'tensor'"),
  Mistake("%0 = stablehlo.slice %x [0§] : (tensor<4xf32>)", .syntax, "expected ':', not ']'"),
  Mistake(
    "%0 = §stablehlo.slice %x [0:5] : (tensor<4xf32>) -> tensor<5xf32>", .type,
    "stablehlo.slice (C2): range 0:5 is outside axis 0 of tensor<4xf32>"),
  Mistake(
    "%0 = stablehlo.slice %x [0:4:9223372036854775807] : (tensor<4xf32>) -> §tensor<4xf32>", .type,
    "stablehlo.slice gives tensor<1xf32>"),
  Mistake(
    "%0 = stablehlo.broadcast_in_dim %s §: (tensor<f32>) -> tensor<4xf32>", .syntax,
    "expected ',', not ':'"),
  Mistake(
    "%0 = §stablehlo.gather %x, %x : (tensor<4xf32>) -> tensor<4xf32>", .syntax,
    "stablehlo.gather is only written in quotes"),
  Mistake(
    "%0 = §\"stablehlo.slice\"(%x) : (tensor<4xf32>) -> tensor<4xf32>", .syntax,
    "stablehlo.slice needs the attribute start_indices"),
  Mistake(
    "%0 = \"stablehlo.transpose\"(%x) <{§permutation = 0}> : (tensor<4xf32>) -> tensor<4xf32>",
    .syntax, "permutation of stablehlo.transpose must be a list of integers"),
  Mistake(
    "%0 = stablehlo.abs %x {§unknown = 1 : i64} : tensor<4xf32>", .unsupported,
    "stablehlo.abs has the unknown attribute unknown"),
  Mistake(
    "%0 = §stablehlo.rng %s, %s, %x, distribution = NORMAL : (tensor<f32>, tensor<f32>, tensor<4xf32>) -> tensor<8xi1>",
    .type, "stablehlo.rng (C1): tensor<f32> and tensor<f32> are not tensor<i1>"),
  Mistake(
    "%0 = §stablehlo.dynamic_pad %x, %s, %x, %x, %x : (tensor<4xf32>, tensor<f32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>",
    .unsupported, "operand 2 of stablehlo.dynamic_pad does not follow from constants"),
  Mistake(
    "%0 = §stablehlo.get_tuple_element %x[0] : (tensor<4xf32>) -> tensor<4xf32>", .type,
    "stablehlo.get_tuple_element (C1): the operand is no tuple with an element 0"),
  Mistake(
    "%0 = §stablehlo.einsum %x, %s, config = \"a,b->ab\" : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>",
    .type, "stablehlo.einsum: b does not name the axes of tensor<f32>"),
  Mistake(
    "%0 = §\"stablehlo.batch_norm_training\"(%x, %s, %s) {epsilon = 1.0 : f32, feature_index = 1 : i64} : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>",
    .type, "stablehlo.batch_norm_training (C1): feature_index 1 is no axis of tensor<4xf32>"),
  Mistake(
    "%c = stablehlo.constant dense<true> : tensor<i1>\n %0 = §stablehlo.while(%i = %s) : tensor<f32> cond { stablehlo.return %c : tensor<i1> } do { stablehlo.return %i : tensor<f32> }",
    .unsupported, "stablehlo.while never ends: its condition is constantly true"),
  Mistake(
    "%0 = \"stablehlo.iota\"() <{iota_dimension = 0 : i64, §iota_dimension = 0}> : () -> tensor<4xf32>",
    .syntax, "stablehlo.iota has the attribute iota_dimension twice"),
  Mistake(
    "%0 = stablehlo.iota dim = §9999999999999999999 : tensor<4xf32>", .syntax,
    "the integer does not fit 64 bits"),
  Mistake(
    "%0 = §\"stablehlo.abs\"(%x) ({ ^bb0: \"stablehlo.return\"() : () -> () }) : (tensor<4xf32>) -> tensor<4xf32>",
    .syntax, "stablehlo.abs has no region"),
  Mistake(
    "%0 = §\"stablehlo.reduce\"(%x, %s) <{dimensions = array<i64: 0>}> : (tensor<4xf32>, tensor<f32>) -> tensor<f32>",
    .syntax, "stablehlo.reduce needs one region of 2 scalars"),
  Mistake(
    """
    %0 = stablehlo.reduce(%x init: %s) across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
      reducer(%a: tensor<f32>, %b: tensor<f32>) { stablehlo.return §%s : tensor<f32> }
    """, .unsupported, "%s of outside is no scalar constant, which alone this region may read"),
  Mistake(
    """
    %0 = stablehlo.reduce(%x init: %s) across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>
      reducer(%a: tensor<f32>, %b: tensor<f32>) { stablehlo.return §%t : tensor<f32> }
    """, .syntax, "%t is not defined in this region"),
  Mistake(
    "%0 = stablehlo.reduce(%x init: %s) applies §stablehlo.median across", .unsupported,
    "unknown reduction stablehlo.median"),
  Mistake(
    "%0 = §stablehlo.reduce(%x init: %s) applies stablehlo.or across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>",
    .type, "stablehlo.reduce (C3): stablehlo.or does not take tensor<4xf32>"),
  Mistake(
    "%0 = §stablehlo.compare XX, %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>", .syntax,
    "unknown comparison XX"),
  Mistake(
    "%0 = §stablehlo.compare LT, %x, %x, SIGNED : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>",
    .type, "stablehlo.compare (C2): compare type SIGNED does not fit tensor<4xf32>"),
  Mistake(
    "%0 = §stablehlo.dot_general %x, %x, contracting_dims = [0] x [0], precision = [HIGH, LOW] : (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>",
    .syntax, "precision is DEFAULT, HIGH or HIGHEST"),
  Mistake(
    "%0 = stablehlo.exponential %x {§result_accuracy = #a<ulps = 1, mode = #b<TOLERANCE>>} : tensor<4xf32>",
    .unsupported,
    "stablehlo.exponential with result_accuracy TOLERANCE atol = 0.0, rtol = 0.0, ulps = 1"),
  Mistake(
    "%0 = §call @g(%x) : (tensor<4xf32>) -> tensor<4xf32>", .type, "V4: there is no function @g"),
  Mistake(
    "§call @f(%x) : (tensor<4xf32>) -> ()", .type, "V4: the call does not have the types of @f"),
  Mistake("call §f(%x) : (tensor<4xf32>) -> ()", .syntax, "expected '@', not 'f'"),
  Mistake("§%0, %0 = call @f() : () -> ()", .type, "2 results are named, but call has 0"),
  Mistake("%0 = stablehlo.constant §5 : tensor<i32>", .syntax, "expected 'dense', not '5'"),
  Mistake(
    "%0 = stablehlo.constant dense<§1> : tensor<f32>", .syntax, "1 is not a float such as 1.0"),
  Mistake(
    "%0 = stablehlo.constant dense<§1.0e999> : tensor<f64>", .syntax, "1.0e999 does not fit f64"),
  Mistake(
    "%0 = stablehlo.constant dense<§0x100000000> : tensor<f32>", .syntax,
    "0x100000000 has more bits than f32"),
  Mistake("%0 = stablehlo.constant dense<§1.0> : tensor<i32>", .syntax, "1.0 is not an i32"),
  Mistake(
    "%0 = stablehlo.constant dense<§4294967296> : tensor<i32>", .syntax, "4294967296 is not an i32"),
  Mistake(
    "%0 = stablehlo.constant dense<§-2147483649> : tensor<i32>", .syntax,
    "-2147483649 is not an i32"),
  Mistake("%0 = stablehlo.constant dense<§2> : tensor<i1>", .syntax, "2 is not an i1"),
  Mistake("%0 = stablehlo.constant dense<§true> : tensor<i64>", .type, "true is not an i64"),
  Mistake(
    "%0 = stablehlo.constant dense§<[1, 2]> : tensor<3xi32>", .type,
    "the constant's shape is [2], not that of tensor<3xi32>"),
  Mistake(
    "%0 = stablehlo.constant dense<[[1, 2], §[1]]> : tensor<3xi32>", .syntax,
    "the constant's lists differ in length"),
  Mistake(
    "%0 = stablehlo.constant dense§<> : tensor<3xi32>", .type,
    "the constant has no elements, but tensor<3xi32> has"),
  Mistake(
    "%0 = stablehlo.constant dense§<0.0> : tensor<99999999999xf32>", .unsupported,
    "a constant of tensor<99999999999xf32> takes more than 1073741824 bytes"),
  Mistake(
    "%0 = stablehlo.constant dense<§\"0x123\"> : tensor<f32>", .syntax,
    "expected \"0x\" and pairs of hexadecimal digits"),
  Mistake(
    "%0 = stablehlo.constant dense§<\"0x1234\"> : tensor<f32>", .type,
    "the constant has 2 bytes, but tensor<f32> has 4"),
  Mistake(
    "%0 = stablehlo.constant dense§<\"0x02\"> : tensor<i1>", .syntax,
    "a boolean's byte must be 00 or 01"),
]

private let moduleMistakes: [Mistake] = [
  Mistake("§", .syntax, "expected 'module' or 'func.func', not the end of the text"),
  Mistake("§hello", .syntax, "expected 'module' or 'func.func', not 'hello'"),
  Mistake("§\u{7}", .syntax, "expected 'module' or 'func.func', not a control character"),
  Mistake("§é", .syntax, "expected 'module' or 'func.func', not 'é'"),
  Mistake("module {\n} §x", .syntax, "expected the end of the text, not 'x'"),
  Mistake("module {§", .syntax, "expected 'func.func' or '}', not the end of the text"),
  Mistake(
    "module {\n  §sdy.mesh @m = <[\"x\"=2]>", .unsupported,
    "meshes of several devices are not supported"),
  Mistake(
    "module {\n  sdy.mesh @m = <[\"x\"=1]§", .syntax, "expected ',', not the end of the text"),
  Mistake("module {\n  §memref.global @x", .unsupported, "unknown op memref.global"),
  Mistake("module attributes {a = [§}", .syntax, "expected another bracket, not '}'"),
  Mistake("module attributes §{a = 1", .syntax, "the bracket is not closed"),
  Mistake("module attributes {a = §\"x\n}", .syntax, "the string does not end on its line"),
  Mistake("module attributes {a = \"§\\x\"}", .syntax, "unknown escape in a string"),
  Mistake("§\"builtin.thing\"() ({", .unsupported, "unknown op builtin.thing"),
  Mistake("\"builtin.module\"() §({", .syntax, "the bracket is not closed"),
  Mistake(
    "\"builtin.module\"() ({\n§\"func.call\"() : () -> () }) : () -> ()", .unsupported,
    "unknown op func.call"),
  Mistake(
    "\"builtin.module\"() ({\n§\"func.func\"() <{sym_name = \"f\"}> ({ }) : () -> () }) : () -> ()",
    .syntax, "func.func needs the attributes sym_name and function_type"),
  Mistake(
    "\"builtin.module\"() ({\n§\"func.func\"() <{sym_name = \"f\", function_type = () -> ()}> ({"
      + " }) : () -> () }) : () -> ()",
    .unsupported, "function @f has no body"),
  Mistake(
    "\"builtin.module\"() ({\n§\"func.func\"() <{sym_name = \"f\", function_type = () -> ()}> ({"
      + "^bb0(%a: tensor<f32>): \"func.return\"() : () -> () }) : () -> () }) : () -> ()",
    .type, "the function's parameters are not those of its function_type"),
  Mistake(
    "#map = affine_map<(d0) -> (d0)>\n§", .syntax,
    "expected 'module' or 'func.func', not the end of the text"),
  Mistake("!t = tensor<f32>\n§!t = tensor<i32>", .syntax, "t is defined twice"),
  Mistake(
    "func.func @f(%x: §!t) {\n  return\n}\n!t = tensor<f32>", .unsupported,
    "type !t is not supported here"),
  Mistake(
    "func.func §nested @f() { return }", .syntax,
    "expected 'public', 'private' or a symbol, not 'nested'"),
  Mistake("func.func @§() { return }", .syntax, "expected a symbol's name, not '('"),
  Mistake("§func.func private @f()", .unsupported, "function @f has no body"),
  Mistake("func.func @f(§tensor<f32>)", .syntax, "expected a parameter's name, not 'tensor'"),
  Mistake(
    "func.func @f(%a: tensor<f32>, §%a: tensor<f32>) { return }", .syntax, "%a is defined twice"),
  Mistake("func.func @f(%§: tensor<f32>)", .syntax, "expected a value's name, not ':'"),
  Mistake(
    "func.func @f(§%1a: tensor<f32>)", .syntax,
    "a value's name is a number or starts with a letter"),
  Mistake(
    "func.func @f() {§", .syntax, "expected an operation or a return, not the end of the text"),
  Mistake("func.func @f() {§}", .syntax, "expected an operation or a return, not '}'"),
  Mistake(
    "func.func @f() { return §return }", .syntax, "expected '}' after the return, not 'return'"),
  Mistake(
    "§func.func @f(%a: tensor<f32>) -> tensor<f32> { return }", .type,
    "the function returns 0 values, but names 1 types"),
  Mistake(
    "func.func @f(%a: tensor<f32>) -> §tensor<f64> { return %a : tensor<f32> }", .type,
    "the function returns tensor<f32> as result 0"),
  Mistake(
    "func.func @f(%a: tensor<f32>) -> tensor<f32> { return %a : §tensor<f64> }", .type,
    "operand 0 is tensor<f32>, not tensor<f64>"),
  Mistake(
    "func.func @f() { return }\n§func.func @f() { return }", .type, "function @f is defined twice"),
  Mistake(
    "§func.func @f() { call @f() : () -> () return }", .unsupported, "function @f calls itself"),
]
