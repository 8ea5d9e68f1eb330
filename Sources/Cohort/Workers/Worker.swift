import CWorker
import Foundation

/// How a worker comes to life.
public enum WorkerLaunch: Sendable {
  /// A process. It is started on the thread that asks, and dies with that thread.
  case process(executable: String, arguments: [String])
  /// A thread of this process that is given the two descriptors: no protection, for tests.
  case thread(@Sendable (_ control: Int32, _ shared: Int32) -> Void)

  /// A copy of this executable, whose first argument is `--worker`.
  public static let current = WorkerLaunch.process(
    executable: "/proc/self/exe", arguments: ["lamina", "--worker"])
}

/// A process that parses untrusted bytes, one request at a time.
///
/// It is started by the first request, and again by the next one after it has died. Use it from
/// one thread only: the process dies with the thread that started it.
public final class Worker {
  /// What the process may use.
  public let limits: WorkerLimits
  private let launch: WorkerLaunch
  private var running: Running?

  /// Nothing is started yet.
  public init(_ launch: WorkerLaunch = .current, limits: WorkerLimits = WorkerLimits()) {
    (self.launch, self.limits) = (launch, limits)
  }

  deinit { stop() }

  /// Sends a request; answers are collected by ``receive(_:seconds:)``.
  func send(_ request: some Encodable) throws(WorkerFailure) {
    let running = try start()
    guard let bytes = try? Frames.encode(request) else {
      throw .nonsense("the request cannot be written as JSON")
    }
    allowTime()
    let wait = Int32(clamping: limits.wallSeconds * 1000)
    let failure = worker_send(running.control, bytes, bytes.count, wait)
    if failure != 0 { throw bury(late: failure == ETIMEDOUT) }
  }

  /// Begins the processor time of a file anew.
  func allowTime() {
    guard let running, running.pid > 0 else { return }
    _ = worker_allow_cpu(running.pid, UInt64(max(1, limits.cpuSeconds)))
  }

  /// Waits for the next answer. A worker that does not give one in time is killed.
  func receive<Answer: Decodable>(
    _ type: Answer.Type, seconds: Double? = nil
  ) throws(WorkerFailure) -> Answer {
    guard let running else { throw .nonsense("no request was sent") }
    let deadline = Deadline(seconds: seconds ?? Double(limits.wallSeconds))
    guard let head = Frames.receive(running.control, 4, until: deadline) else {
      throw bury(late: deadline.isPast)
    }
    let length = Frames.length(head)
    guard length <= Frames.limit else {
      stop()
      throw .nonsense("an answer of \(length) bytes")
    }
    guard let body = Frames.receive(running.control, length, until: deadline) else {
      throw bury(late: deadline.isPast)
    }
    do {
      return try Frames.decode(type, body)
    } catch {
      stop()
      throw .nonsense("an answer that is not of the form asked for")
    }
  }

  /// Copies `count` bytes out of the shared memory and empties it.
  ///
  /// The memory is read, never mapped: a worker that makes it smaller meanwhile gets a short read,
  /// not a signal in its parent.
  func takePayload(_ count: Int) throws(WorkerFailure) -> [UInt8] {
    guard let running else { throw .nonsense("no request was sent") }
    var status = stat()
    guard count >= 0, fstat(running.shared, &status) == 0, Int(status.st_size) >= count else {
      stop()
      throw .nonsense("less in the shared memory than the answer says")
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let start = buffer.baseAddress! + filled
        let got = pread(running.shared, start, count - filled, off_t(filled))
        if got < 0 && errno == EINTR { continue }
        if got <= 0 { break }
        filled += got
      }
    }
    _ = ftruncate(running.shared, 0)
    guard bytes.count == count else {
      stop()
      throw .nonsense("less in the shared memory than the answer says")
    }
    return bytes
  }

  /// Ends the process, if there is one.
  public func stop() {
    guard let running else { return }
    self.running = nil
    close(running.control)
    close(running.shared)
    guard running.pid > 0 else { return }
    worker_kill(running.pid)
    var code: Int32 = 0
    _ = worker_collect(running.pid, 10_000, &code)
  }

  /// Finds out how the worker ended; kills it when it is merely late.
  private func bury(late: Bool) -> WorkerFailure {
    guard let running else { return .exited(code: 0) }
    defer { stop() }
    if late { return .hung(seconds: limits.wallSeconds) }
    guard running.pid > 0 else { return .exited(code: 0) }
    var code: Int32 = 0
    switch worker_collect(running.pid, 1000, &code) {
    case WORKER_SIGNALLED:
      self.running?.pid = 0  // collected
      if code == SIGXCPU { return .outOfTime }
      if code == SIGXFSZ { return .outOfSpace }
      return .crashed(signal: Int(code))
    case WORKER_EXITED:
      self.running?.pid = 0
      return .exited(code: Int(code))
    default:
      return .nonsense("the worker closed its socket and went on")
    }
  }

  private func start() throws(WorkerFailure) -> Running {
    if let running { return running }
    let shared = worker_shared_memory()
    guard shared >= 0 else { throw .notStarted(errno: Int(errno)) }
    do throws(WorkerFailure) {
      let started =
        switch launch {
        case .process(let executable, let arguments):
          try spawn(executable, arguments, shared)
        case .thread(let serve): try serveOnThread(serve, shared)
        }
      running = started
      return started
    } catch {
      close(shared)
      throw error
    }
  }
}

extension Worker {
  /// A worker that has been started; `pid` is 0 for a thread.
  private struct Running {
    var pid: pid_t
    let control: Int32
    let shared: Int32
  }

  private func spawn(
    _ executable: String, _ arguments: [String], _ shared: Int32
  ) throws(WorkerFailure) -> Running {
    // Swift's crash reporter prints what registers point at: pixels, and names.
    var environment = ProcessInfo.processInfo.environment
    environment["SWIFT_BACKTRACE"] = "enable=no"
    let lines = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    var processLimits = worker_limits()
    processLimits.memory_bytes = UInt64(max(0, limits.memoryBytes))
    processLimits.stack_bytes = UInt64(max(0, limits.stackBytes))
    processLimits.file_bytes = UInt64(max(0, limits.volumeBytes))
    var (pid, control): (pid_t, Int32) = (0, -1)
    let failure = withCStrings(arguments) { arguments in
      withCStrings(lines) { lines in
        worker_spawn(executable, arguments, lines, shared, &processLimits, &pid, &control)
      }
    }
    guard failure == 0 else { throw .notStarted(errno: Int(failure)) }
    return Running(pid: pid, control: control, shared: shared)
  }

  private func serveOnThread(
    _ serve: @escaping @Sendable (Int32, Int32) -> Void, _ shared: Int32
  ) throws(WorkerFailure) -> Running {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
      throw .notStarted(errno: Int(errno))
    }
    let (control, memory) = (ends[1], dup(shared))
    Thread.detachNewThread {
      serve(control, memory)
      close(control)
      close(memory)
    }
    return Running(pid: 0, control: ends[0], shared: shared)
  }
}

/// Lends an array of C strings that ends in a null pointer.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
  copies.append(nil)
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
}
