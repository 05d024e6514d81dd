/// How the compiler checks a closure of one expression: by itself, once the types of its parameters are
/// known from the other arguments, as it checks a closure of several statements.
///
/// Without it the compiler checks such a closure together with the call, and tries all operators for
/// parameters that may still have any type, which takes seconds for a line of arithmetic. A closure that
/// says `return` is not changed by it.
@resultBuilder
public enum SingleExpression<Value> {
  /// The expression.
  public static func buildExpression(_ value: Value) -> Value { value }

  /// No value, where the expression never returns.
  public static func buildExpression(_ value: Never) -> Value {}

  /// The value of the expression.
  public static func buildBlock(_ value: Value) -> Value { value }

  /// The value where an `if` or a `switch` chooses one of its first half.
  public static func buildEither(first value: Value) -> Value { value }

  /// The value where an `if` or a `switch` chooses one of its second half.
  public static func buildEither(second value: Value) -> Value { value }
}
