// What is often written and does not fit: overloads that exist for the compiler's messages only. The
// compiler looks at unavailable overloads after all others have failed, so they cost nothing elsewhere.

/// No gradient: the function's result is no scalar tensor of floats.
@available(
  *, unavailable,
  message: "the result must be one scalar of floats; write array literals as Tensor([1, 2])"
)
public func gradient<First: TensorTree, each Rest: TensorTree, Output>(
  at first: First, _ rest: repeat each Rest, file: String = #fileID, line: Int = #line,
  of function: (First, repeat each Rest) throws -> Output
) throws -> (First, repeat each Rest) {
  preconditionFailure("unavailable")
}

/// No gradient: the function's result is no scalar tensor of floats.
@available(
  *, unavailable,
  message: "the function must return one scalar tensor of floats; valueWithGradient takes more"
)
public func gradient<each Input: TensorTree, Output>(
  file: String = #fileID, line: Int = #line, of function: (repeat each Input) throws -> Output
) -> (repeat each Input) throws -> (repeat each Input) {
  preconditionFailure("unavailable")
}

/// No gradient: the function's result is no scalar tensor of floats.
@available(
  *, unavailable,
  message: "the result must be one scalar of floats and at most a tree; write Tensor([1, 2])"
)
public func valueWithGradient<First: TensorTree, each Rest: TensorTree, Output>(
  at first: First, _ rest: repeat each Rest, file: String = #fileID, line: Int = #line,
  of function: (First, repeat each Rest) throws -> Output
) throws -> (value: Output, gradient: (First, repeat each Rest)) {
  preconditionFailure("unavailable")
}

/// No scan: the closure returns nothing besides the state.
@available(
  *, unavailable,
  message: "the closure must return the next state and an output, such as (state, state)"
)
public func scan<State: TensorTree, Elements: TensorTree>(
  _ initial: State, over elements: Elements, reversed: Bool = false, file: String = #fileID,
  line: Int = #line, _ step: (State, Elements) throws -> State
) throws -> State {
  preconditionFailure("unavailable")
}

/// No compiled function: a parameter or the result is no tree of tensors.
@available(
  *, unavailable,
  message:
    "parameters and results must be tensors or trees of them, not numbers; several results are one flat tuple"
)
public func jit<each Input, Output>(
  file: String = #fileID, line: Int = #line, _ function: (repeat each Input) throws -> Output
) -> CompiledFunction<Tensor<Float>, Tensor<Float>> {
  preconditionFailure("unavailable")
}

extension Tensor {
  /// No comparison of whole tensors.
  @available(*, unavailable, message: "write .== to compare elements, and item() for one of them")
  public static func == (left: Tensor, right: Tensor) -> Tensor<Bool> {
    preconditionFailure("unavailable")
  }

  /// No comparison of whole tensors.
  @available(*, unavailable, message: "write .!= to compare elements, and item() for one of them")
  public static func != (left: Tensor, right: Tensor) -> Tensor<Bool> {
    preconditionFailure("unavailable")
  }

  /// No comparison of whole tensors.
  @available(*, unavailable, message: "write .< to compare elements, and item() for one of them")
  public static func < (left: Tensor, right: Tensor) -> Tensor<Bool> {
    preconditionFailure("unavailable")
  }

  /// No comparison of whole tensors.
  @available(*, unavailable, message: "write .<= to compare elements, and item() for one of them")
  public static func <= (left: Tensor, right: Tensor) -> Tensor<Bool> {
    preconditionFailure("unavailable")
  }

  /// No comparison of whole tensors.
  @available(*, unavailable, message: "write .> to compare elements, and item() for one of them")
  public static func > (left: Tensor, right: Tensor) -> Tensor<Bool> {
    preconditionFailure("unavailable")
  }

  /// No comparison of whole tensors.
  @available(*, unavailable, message: "write .>= to compare elements, and item() for one of them")
  public static func >= (left: Tensor, right: Tensor) -> Tensor<Bool> {
    preconditionFailure("unavailable")
  }
}

extension BinaryFloatingPoint {
  /// No conversion: a tensor may have many elements, and computing them may fail.
  @available(*, unavailable, message: "write try x.item() for the only element of a tensor")
  public init<Scalar>(_ tensor: Tensor<Scalar>) {
    preconditionFailure("unavailable")
  }
}

extension BinaryInteger {
  /// No conversion: a tensor may have many elements, and computing them may fail.
  @available(*, unavailable, message: "write try x.item() for the only element of a tensor")
  public init<Scalar>(_ tensor: Tensor<Scalar>) {
    preconditionFailure("unavailable")
  }
}

// MARK: - Words of other libraries

extension Tensor {
  /// NumPy's transpose.
  @available(*, unavailable, message: "write transposed()")
  public var T: Tensor { preconditionFailure("unavailable") }

  /// NumPy's reshape.
  @available(*, unavailable, message: "write reshaped(to: [2, 3])")
  public func reshape(_ shape: Int...) -> Tensor { preconditionFailure("unavailable") }

  /// PyTorch's reshape.
  @available(*, unavailable, message: "write reshaped(to: [2, 3])")
  public func view(_ shape: Int...) -> Tensor { preconditionFailure("unavailable") }

  /// PyTorch's new axis.
  @available(*, unavailable, message: "write expandingDims(at:), or .newAxis in a subscript")
  public func unsqueeze(_ axis: Int) -> Tensor { preconditionFailure("unavailable") }

  /// PyTorch's constant of a value.
  @available(*, unavailable, message: "write withoutDerivative(at: x)")
  public func detach() -> Tensor { preconditionFailure("unavailable") }

  /// PyTorch's reverse mode.
  @available(*, unavailable, message: "gradients are values: write gradient(at: x) { x in … }")
  public func backward() { preconditionFailure("unavailable") }
}

// Functions of NumPy, JAX and PyTorch with another name here.

/// No `stack`.
@available(*, unavailable, message: "write stacked([x, y], axis: 0)")
public func stack<Scalar: TensorScalar>(
  _ tensors: [Tensor<Scalar>], axis: Int = 0
) -> Tensor<Scalar> { preconditionFailure("unavailable") }

/// No `concatenate`.
@available(*, unavailable, message: "write concatenated([x, y], axis: 0)")
public func concatenate<Scalar: TensorScalar>(
  _ tensors: [Tensor<Scalar>], axis: Int = 0
) -> Tensor<Scalar> { preconditionFailure("unavailable") }

/// No `stopGradient`.
@available(*, unavailable, message: "write withoutDerivative(at: x)")
public func stopGradient<Tree: TensorTree>(_ tree: Tree) -> Tree {
  preconditionFailure("unavailable")
}
