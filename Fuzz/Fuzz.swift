// libFuzzer's entry points: `fuzz --parser=NAME [libFuzzer's options] CORPUS…`.
//
// A parser may refuse its bytes by any typed error; it may not crash, trap, hang, or touch memory
// that is not its own.
import Foundation

/// The parser that this process feeds, set once before the first input.
nonisolated(unsafe) private var parser: Parser = .dicom

/// Chooses the parser by `--parser=NAME`.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
  let words = (0..<Int(count.pointee)).compactMap {
    arguments.pointee[$0].map { String(cString: $0) }
  }
  let prefix = "--parser="
  let name = words.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  guard let chosen = name.flatMap(Parser.init(rawValue:)) else {
    let all = Parser.allCases.map(\.rawValue).joined(separator: " ")
    FileHandle.standardError.write(Data("fuzz: give --parser=NAME, one of: \(all)\n".utf8))
    exit(2)
  }
  parser = chosen
  return 0
}

/// Feeds one input to the parser.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  parser.take([UInt8](UnsafeBufferPointer(start: start, count: count)))
  return 0
}
