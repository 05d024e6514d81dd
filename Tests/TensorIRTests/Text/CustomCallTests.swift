import TensorIR
import Testing

/// Custom calls as JAX exports them are read as what they mean, and printed so that they can be read again.
struct CustomCallTests {
  /// The text of a module that was printed and read again.
  private func again(_ module: Module) throws -> String {
    try Module(parsing: module.description, file: "again.mlir").description
  }

  /// What stands behind the configuration in JAX's text.
  private let rest =
    #"mhlo.frontend_attributes = {num_batch_dims = "0"}, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], "#
    + "output_operand_aliases = [#stablehlo.output_operand_alias<output_tuple_indices = [0], "
    + "operand_index = 0, operand_tuple_indices = []>], result_layouts = [dense<[0, 1]> : "
    + "tensor<2xindex>, dense<> : tensor<0xindex>], "
    + "sdy.sharding_rule = #sdy.op_sharding_rule<([i, j])->([k, l], []) {i=4, j=4}, custom>"

  /// The operations of a function whose body is one call.
  private func operations(
    _ name: String, _ config: String, _ operands: [String], _ results: [String]
  ) throws -> [Op] {
    let parameters = operands.enumerated().map { "%arg\($0): tensor<\($1)>" }
    let given = operands.map { "tensor<\($0)>" }.joined(separator: ", ")
    let types = results.map { "tensor<\($0)>" }.joined(separator: ", ")
    let arguments = operands.indices.map { "%arg\($0)" }.joined(separator: ", ")
    let text = """
      func.func @main(\(parameters.joined(separator: ", "))) -> tensor<\(results[0])> {
        %0:\(results.count) = stablehlo.custom_call @\(name)(\(arguments)) {backend_config = "", \
      mhlo.backend_config = {\(config)}, \(rest)} : (\(given)) -> (\(types))
        return %0#0 : tensor<\(results[0])>
      }
      """
    let module = try Module(parsing: text, file: "call.mlir")
    try module.verify()
    #expect(try again(module) == module.description)
    return module.functions[0].operations.map(\.op)
  }

  @Test func functionsOfLAPACK() throws {
    #expect(
      try operations(
        "lapack_dpotrf_ffi", "uplo = 76 : ui8", ["4x4xf64"], ["4x4xf64", "i32"])
        == [.matrix(.cholesky(isLower: true))])
    #expect(
      try operations(
        "lapack_sgetrf_ffi", "", ["2x4x3xf32"], ["2x4x3xf32", "2x3xi32", "2xi32"])
        == [.matrix(.lu)])
    #expect(
      try operations(
        "lapack_ssyevd_ffi", "mode = 86 : ui8, uplo = 85 : ui8", ["4x4xf32"],
        ["4x4xf32", "4xf32", "i32"]) == [.matrix(.eigh(isLower: false, hasVectors: true))])
    #expect(
      try operations("lapack_dgeqrf_ffi", "", ["5x3xf64"], ["5x3xf64", "3xf64"])
        == [.matrix(.householder)])
    #expect(
      try operations(
        "lapack_dgesdd_ffi", "mode = 83 : ui8", ["5x3xf64"],
        ["5x3xf64", "3xf64", "5x3xf64", "3x3xf64", "i32"]) == [.matrix(.svd(.thin))])
    #expect(
      try operations(
        "lapack_dgesvd_ffi", "mode = 65 : ui8", ["5x3xf64"],
        ["5x3xf64", "3xf64", "5x5xf64", "3x3xf64", "i32"]) == [.matrix(.svd(.full))])
  }

  /// Products with Q are made of products and an equation with a small triangle; no square Q comes about.
  @Test(arguments: [true, false]) func productsWithReflectors(isAdjoint: Bool) throws {
    let config = "left = true, transpose = \(isAdjoint)"
    let made = try operations(
      "lapack_dormqr_ffi", config, ["90x3xf64", "3xf64", "90x2xf64"], ["90x2xf64"])
    #expect(made.contains { if case .matrix(.triangularSolve) = $0 { true } else { false } })
    #expect(!made.contains(.matrix(.reflectors)))
    #expect(throws: AdjointError.self) {
      try operations(
        "lapack_dormqr_ffi", config, ["4x3xf64", "3xf64", "5x2xf64"], ["5x2xf64"])
    }
  }

  /// Functions of general matrices, and of complex ones.
  @Test func furtherFunctionsOfLAPACK() throws {
    #expect(
      try operations(
        "lapack_cpotrf_ffi", "uplo = 85 : ui8", ["4x4xcomplex<f32>"], ["4x4xcomplex<f32>", "i32"])
        == [.matrix(.cholesky(isLower: false))])
    #expect(
      try operations(
        "lapack_zgeev_ffi", "compute_left = 86 : ui8, compute_right = 86 : ui8",
        ["4x4xcomplex<f64>"],
        ["4xcomplex<f64>", "4x4xcomplex<f64>", "4x4xcomplex<f64>", "i32"])
        == [.matrix(.eig(hasLeft: true, hasRight: true))])
    #expect(
      try operations(
        "lapack_sgeev_ffi", "compute_left = 86 : ui8, compute_right = 86 : ui8", ["4x4xf32"],
        ["4xf32", "4xf32", "4x4xcomplex<f32>", "4x4xcomplex<f32>", "i32"])
        == [
          .matrix(.eig(hasLeft: true, hasRight: true)), .complex(.real), .complex(.imaginary),
        ])
    #expect(
      try operations(
        "lapack_zgees_ffi", "mode = 86 : ui8, sort = 78 : ui8", ["4x4xcomplex<f64>"],
        ["4x4xcomplex<f64>", "4x4xcomplex<f64>", "4xcomplex<f64>", "i32", "i32"]
      ).first == .matrix(.schur(hasVectors: true)))
    #expect(
      try operations(
        "lapack_dgehrd_ffi", "high = 4 : i32, low = 1 : i32", ["4x4xf64"],
        ["4x4xf64", "3xf64", "i32"]) == [.matrix(.hessenberg)])
    #expect(
      try operations(
        "lapack_chetrd_ffi", "uplo = 76 : ui8", ["4x4xcomplex<f32>"],
        ["4x4xcomplex<f32>", "4xf32", "3xf32", "3xcomplex<f32>", "i32"])
        == [.matrix(.tridiagonalize(isLower: true))])
  }

  /// The decompositions of a function whose one call takes options as scalar operands.
  private func optionCall(
    _ name: String, _ options: [String], _ operands: [String], _ results: [String]
  ) throws -> [Op] {
    let parameters = operands.enumerated().map { "%arg\($0): tensor<\($1)>" }
    let constants = options.enumerated().map { number, option in
      let parts = option.split(separator: ":")
      return "  %o\(number) = stablehlo.constant dense<\(parts[0])> : tensor<\(parts[1])>\n"
    }
    let given =
      options.map { "tensor<\($0.split(separator: ":")[1])>" }
      + operands.map { "tensor<\($0)>" }
    let names = options.indices.map { "%o\($0)" } + operands.indices.map { "%arg\($0)" }
    let bundle = results.count > 1 ? ":\(results.count)" : ""
    let types = results.map { "tensor<\($0)>" }.joined(separator: ", ")
    let text = """
      func.func @main(\(parameters.joined(separator: ", "))) -> tensor<\(results[0])> {
      \(constants.joined())  %0\(bundle) = stablehlo.custom_call @\(name)\
      (\(names.joined(separator: ", "))) {api_version = 2 : i32} : \
      (\(given.joined(separator: ", "))) -> (\(types))
        return %0\(results.count > 1 ? "#0" : "") : tensor<\(results[0])>
      }
      """
    let module = try Module(parsing: text, file: "call.mlir")
    try module.verify()
    return module.functions[0].operations.map(\.op).filter {
      if case .matrix = $0 { true } else { false }
    }
  }

  /// Text of JAX before 0.5 gives options and extents as operands, and has results for working memory.
  @Test func optionsAsOperands() throws {
    let solve = TriangularSolve(
      isLeft: true, isLower: true, hasUnitDiagonal: false, transposition: .adjoint)
    #expect(
      try optionCall(
        "blas_strsm", ["1:i32", "1:i32", "2:i32", "0:i32", "4:i32", "2:i32", "1:i32", "1.0:f32"],
        ["4x4xf32", "4x2xf32"], ["4x2xf32"]) == [.matrix(.triangularSolve(solve))])
    #expect(
      try optionCall(
        "lapack_sgetrf", ["1:i32", "4:i32", "3:i32"], ["4x3xf32"], ["4x3xf32", "3xi32", "i32"])
        == [.matrix(.lu)])
    #expect(
      try optionCall(
        "lapack_dgeqrf", ["1:i32", "4:i32", "3:i32", "96:i32"], ["4x3xf64"],
        ["4x3xf64", "3xf64", "i32", "96xf64"]) == [.matrix(.householder)])
    #expect(
      try optionCall(
        "lapack_zungqr", ["1:i32", "4:i32", "3:i32", "3:i32", "96:i32"],
        ["4x3xcomplex<f64>", "3xcomplex<f64>"], ["4x3xcomplex<f64>", "i32", "96xcomplex<f64>"])
        == [.matrix(.reflectors)])
    #expect(
      try optionCall(
        "lapack_spotrf", ["1:i32", "1:i32", "4:i32"], ["4x4xf32"], ["4x4xf32", "i32"])
        == [.matrix(.cholesky(isLower: true))])
    #expect(
      try optionCall(
        "lapack_dgesdd", ["0:i32", "1:i32", "1:i32", "4:i32", "3:i32", "300:i32"], ["4x3xf64"],
        ["4x3xf64", "3xf64", "4x3xf64", "3x3xf64", "i32", "24xi32", "300xf64"])
        == [.matrix(.svd(.thin))])
    #expect(
      try optionCall(
        "lapack_ssyevd", ["1:i32", "1:i32", "4:i32"], ["4x4xf32"],
        ["4x4xf32", "4xf32", "i32", "57xf32", "23xi32"])
        == [.matrix(.eigh(isLower: true, hasVectors: true))])
    #expect(
      try optionCall(
        "lapack_sgeev", ["1:i32", "4:i32", "78:ui8", "86:ui8"], ["4x4xf32"],
        [
          "4x4xf32", "4x4xf32", "4x4xf32", "4xf32", "4xf32", "4x4xcomplex<f32>",
          "4x4xcomplex<f32>", "i32",
        ]) == [.matrix(.eig(hasLeft: false, hasRight: true))])
    #expect(
      try optionCall(
        "lapack_zgees", ["1:i32", "4:i32", "86:ui8", "78:ui8"], ["4x4xcomplex<f64>"],
        ["4x4xcomplex<f64>", "4xf64", "4xcomplex<f64>", "4x4xcomplex<f64>", "i32", "i32"])
        == [.matrix(.schur(hasVectors: true))])
    #expect(
      try optionCall(
        "lapack_dgehrd", ["4:i32", "1:i32", "4:i32", "4:i32", "1:i32", "128:i32"], ["4x4xf64"],
        ["4x4xf64", "3xf64", "i32", "128xf64"]) == [.matrix(.hessenberg)])
    #expect(
      try optionCall(
        "lapack_dsytrd", ["4:i32", "0:i32", "4:i32", "1:i32", "128:i32"], ["4x4xf64"],
        ["4x4xf64", "4xf64", "3xf64", "3xf64", "i32", "128xf64"])
        == [.matrix(.tridiagonalize(isLower: false))])
    #expect(throws: AdjointError.self) {
      try optionCall("lapack_spotrf", ["1:i32"], ["4x4xf32"], ["4x4xf32", "i32"])
    }
  }

  /// Decompositions as JAX names them on no processor in particular.
  @Test func decompositionsOfJAX() throws {
    func ops(_ call: String, _ parameters: [String], _ results: [String]) throws -> [Op] {
      let list = parameters.enumerated().map { "%a\($0.offset): tensor<\($0.element)>" }
      let given = parameters.map { "tensor<\($0)>" }.joined(separator: ", ")
      let types = results.map { "tensor<\($0)>" }.joined(separator: ", ")
      let names = parameters.indices.map { "%a\($0)" }.joined(separator: ", ")
      let module = try Module(
        parsing: """
          func.func @main(\(list.joined(separator: ", "))) -> tensor<\(results[0])> {
            %0:\(results.count) = stablehlo.custom_call @\(call.replacing("()", with: "(\(names))")) : \
          (\(given)) -> (\(types))
            return %0#0 : tensor<\(results[0])>
          }
          """, file: "call.mlir")
      try module.verify()
      #expect(try again(module) == module.description)
      return module.functions[0].operations.map(\.op)
    }
    #expect(
      try ops("Qr() {api_version = 1 : i32}", ["2x5x3xf32"], ["2x5x3xf32", "2x3xf32"])
        == [.matrix(.householder)])
    #expect(
      try ops(
        "ProductOfElementaryHouseholderReflectors() {api_version = 1 : i32}",
        ["5x3xf64", "2xf64"], ["5x3xf64"]) == [.matrix(.reflectors)])
    #expect(
      try ops(
        #"Eigh() {api_version = 1 : i32, backend_config = "0,1,100,1e-6"}"#, ["4x4xf32"],
        ["4x4xf32", "4xf32"]) == [.matrix(.eigh(isLower: false, hasVectors: true))])
    let lu = try ops("LuDecomposition()", ["4x3xf32"], ["4x3xf32", "3xi32", "4xi32"])
    #expect(lu.first == .matrix(.lu) && lu.last == .binary(.subtract))
    #expect(throws: AdjointError.self) {
      try ops(#"Eigh() {backend_config = "x"}"#, ["4x4xf32"], ["4x4xf32", "4xf32"])
    }
  }

  @Test func triangularEquations() throws {
    let text = """
      func.func @main(%arg0: tensor<4x4xf64>, %arg1: tensor<2x4xf64>) -> tensor<2x4xf64> {
        %0 = stablehlo.custom_call @lapack_dtrsm_ffi(%arg0, %arg1) {mhlo.backend_config = \
      {diag = 85 : ui8, side = 82 : ui8, trans_x = 84 : ui8, uplo = 76 : ui8}} : \
      (tensor<4x4xf64>, tensor<2x4xf64>) -> tensor<2x4xf64>
        return %0 : tensor<2x4xf64>
      }
      """
    let module = try Module(parsing: text, file: "trsm.mlir")
    let solve = TriangularSolve(
      isLeft: false, isLower: true, hasUnitDiagonal: true, transposition: .transpose)
    #expect(module.functions[0].operations.map(\.op) == [.matrix(.triangularSolve(solve))])
    #expect(try again(module) == module.description)
  }

  @Test func choleskyOfStableHLO() throws {
    let text = """
      func.func @main(%arg0: tensor<4x4xf64>) -> tensor<4x4xf64> {
        %0 = stablehlo.cholesky %arg0, lower = true : tensor<4x4xf64>
        return %0 : tensor<4x4xf64>
      }
      """
    let module = try Module(parsing: text, file: "cholesky.mlir")
    #expect(module.functions[0].operations.map(\.op) == [.matrix(.cholesky(isLower: true))])
  }

  @Test(arguments: [
    ("lapack_spotrf_ffi", "uplo = 77 : ui8"), ("lapack_spotrf_ffi", ""),
    ("lapack_spotrf_ffi", "uplo = 76 : ui8, more = 1 : i32"), ("lapack_qpotrf_ffi", ""),
    ("lapack_sgeev_ffi", ""), ("another", ""),
  ])
  func mistakesHaveAPlace(_ call: (name: String, config: String)) throws {
    do {
      _ = try operations(call.name, call.config, ["4x4xf32"], ["4x4xf32", "i32"])
      Issue.record("\(call.name) \(call.config)")
    } catch let error as AdjointError {
      #expect(error.location.line == 2)
    }
  }

  @Test func foreignFunctionsKeepTheirSignature() throws {
    let text = """
      func.func @main(%arg0: tensor<4xf64>) -> tensor<4xf64> {
        %0 = stablehlo.custom_call @f(%arg0) {adjoint.foreign = \
      "libf.so:f:in0,out0,n0.0:i32,7,0.5:f64->status", has_side_effect = true} : \
      (tensor<4xf64>) -> tensor<4xf64>
        return %0 : tensor<4xf64>
      }
      """
    let module = try Module(parsing: text, file: "f.mlir")
    #expect(try again(module) == module.description)
    guard case .foreign(let call) = module.functions[0].operations[0].op else {
      Issue.record("a foreign function")
      return
    }
    #expect(call.target == .symbol("f", library: "libf.so"))
    #expect(call.returned == .status && call.hasEffects && call.parameters.count == 5)
  }

  @Test func memoryKeepsItsMeaning() throws {
    let text = """
      func.func @main() -> tensor<4xf64> {
        %0 = stablehlo.custom_call @memory() {adjoint.foreign = "memory"} : () -> tensor<4xf64>
        return %0 : tensor<4xf64>
      }
      """
    let module = try Module(parsing: text, file: "f.mlir")
    #expect(try again(module) == module.description)
    #expect(module.functions[0].operations[0].op == .foreign(.memory(TensorType([4], .f64))))
    #expect(module.functions[0].operations[0].op.effect == .memory)
  }
}
