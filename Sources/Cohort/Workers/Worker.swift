import CWorker
import Foundation
import Zarr

/// How a worker comes to life.
public enum WorkerLaunch: Sendable {
  /// A process. It is started on the thread that asks, and dies with that thread.
  case process(executable: String, arguments: [String])
  /// A thread of this process that is given the two descriptors: no protection, for tests.
  case thread(@Sendable (_ control: Int32, _ shared: Int32) -> Void)

  /// A copy of this executable, whose first argument is `--worker`.
  public static let current = WorkerLaunch.process(
    executable: own, arguments: ["lamina", "--worker"])

  static let own = "/proc/self/exe"
}

/// A process that parses untrusted bytes, one request at a time.
///
/// It is started by the first request, and again by the next one after it has died. Use it from
/// one thread only: the process dies with the thread that started it.
public final class Worker {
  /// What the process may use.
  public let limits: WorkerLimits
  /// The threads that it works with now.
  var crew: Crew?
  private let launch: WorkerLaunch
  private var running: Running?
  private var inbox = Inbox()
  /// The series whose slices the process can be asked for.
  var held: SeriesReading?
  /// Until when the processor time counts as just begun.
  private var allowed = Deadline(seconds: 0)
  /// Which file of that series it had come to when it was last heard of.
  private(set) var place = 0
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 64)

  /// Nothing is started yet.
  public init(_ launch: WorkerLaunch = .current, limits: WorkerLimits = WorkerLimits()) {
    (self.launch, self.limits) = (launch, limits)
  }

  deinit {
    stop()
    memory.deallocate()
  }

  /// Memory that is the same at each call: fresh pages cost as much as copying them.
  func scratch(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if memory.count < count {
      memory.deallocate()
      memory = .allocate(byteCount: count, alignment: 64)
    }
    return UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
  }

  /// Starts the process if it can be; else the first request tries again and says why it cannot.
  func warm() { _ = try? start() }

  /// Sends a request; answers are collected by ``receive(_:seconds:files:)``.
  func send(_ request: some Encodable, files: Int = 1) throws(WorkerFailure) {
    guard let bytes = try? Frames.encode(request) else {
      throw .nonsense("the request cannot be packed")
    }
    try send(bytes, files: files)
  }

  /// Sends a request that is packed already, for the work of so many files.
  func send(_ bytes: [UInt8], files: Int) throws(WorkerFailure) {
    let running = try start()
    allowTime(files: files)
    let deadline = Deadline(seconds: Double(limits.wallSeconds))
    let failure = worker_send(running.control, bytes, bytes.count, deadline.millisecondsLeft)
    if failure != 0 { throw bury(late: failure == ETIMEDOUT) }
  }

  /// Begins the processor time of the next file anew, save where it was begun less than a quarter of a
  /// second ago: of thousands of small files each would else cost four calls of the system.
  func allowTime() {
    if allowed.isPast { allowTime(files: 1) }
  }

  /// Begins the processor time of so many files anew.
  private func allowTime(files: Int) {
    guard let running, running.pid > 0 else { return }
    allowed = Deadline(seconds: 0.25)
    let (seconds, isMuch) = max(1, limits.cpuSeconds).multipliedReportingOverflow(by: files)
    _ = worker_allow_cpu(running.pid, UInt64(isMuch ? limits.cpuSeconds : seconds))
  }

  /// Waits for the next answer. A worker that does not give one in time, or does not go on to the
  /// next of `files` in time, is killed.
  func receive<Answer: Decodable>(
    _ type: Answer.Type, seconds: Double? = nil, files: Int = 1
  ) throws(WorkerFailure) -> Answer {
    try receivePacked(type, seconds: seconds, files: files).answer
  }

  /// The same, with the bytes that the answer came in.
  func receivePacked<Answer: Decodable>(
    _ type: Answer.Type, seconds: Double? = nil, files: Int = 1
  ) throws(WorkerFailure) -> (answer: Answer, packed: [UInt8]) {
    guard let running else { throw .nonsense("no request was sent") }
    let seconds = seconds ?? Double(limits.wallSeconds)
    if files > 1 { try wait(for: files, seconds: seconds) }
    let deadline = Deadline(seconds: seconds)
    guard let head = inbox.take(4, from: running.control, until: deadline) else {
      throw bury(late: deadline.isPast)
    }
    let length = Frames.length(head)
    guard length <= Frames.limit else {
      stop()
      throw .nonsense("an answer of \(length) bytes")
    }
    guard let body = inbox.take(length, from: running.control, until: deadline) else {
      throw bury(late: deadline.isPast)
    }
    do {
      return (try Frames.decode(type, body), body)
    } catch {
      stop()
      throw .nonsense("an answer that is not of the form asked for")
    }
  }

  /// Waits until an answer begins to come, for as long as the worker goes from file to file.
  private func wait(for files: Int, seconds: Double) throws(WorkerFailure) {
    guard let running, inbox.isEmpty else { return }
    for _ in 0..<files {
      let before = readPlace()
      if worker_poll(running.control, Deadline(seconds: seconds).millisecondsLeft) != 0 { return }
      guard readPlace() != before else { throw bury(late: true) }
    }
    throw bury(late: true)
  }

  /// The number that the worker keeps at the start of the shared memory: what it is at.
  private func readPlace() -> UInt32 {
    var place: UInt32 = 0
    guard let running, pread(running.shared, &place, 4, 0) == 4 else { return 0 }
    return UInt32(littleEndian: place)
  }

  /// Keeps which file the worker is at.
  func notePlace() { place = Int(readPlace()) }

  /// Has the worker be at the first of the files that it is sent next, until it says otherwise.
  func resetPlace() {
    place = 0
    var none: UInt32 = 0
    if let running { _ = pwrite(running.shared, &none, 4, 0) }
  }

  /// Copies slices out of the shared memory, where they lie behind a page of their own: `offset` bytes
  /// behind the first.
  func takeSlices(
    at offset: Int = 0, into buffer: UnsafeMutableRawBufferPointer
  ) throws(WorkerFailure) {
    guard let running, readWhole(running.shared, at: SlicesAnswer.start + offset, into: buffer)
    else {
      stop()
      throw .nonsense("fewer slices in the shared memory than were asked for")
    }
  }

  /// Copies `count` bytes out of the shared memory and empties it.
  func takePayload(_ count: Int) throws(WorkerFailure) -> [UInt8] {
    let running = try payload(count)
    var isWhole = true
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let memory = UnsafeMutableRawBufferPointer(
        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
      isWhole = readWhole(running.shared, at: 0, into: memory)
      filled = isWhole ? count : 0
    }
    _ = ftruncate(running.shared, 0)
    guard isWhole else {
      stop()
      throw .nonsense("less in the shared memory than the answer says")
    }
    return bytes
  }

  /// Takes over the shared memory with `count` bytes in it. The process could go on writing there, so
  /// it is ended; the next request starts another.
  func takeMemory(_ count: Int) throws(WorkerFailure) -> WorkerMemory {
    let descriptor = fcntl(try payload(count).shared, F_DUPFD_CLOEXEC, 0)
    let failure = errno
    stop()
    guard descriptor >= 0 else { throw .notStarted(errno: Int(failure)) }
    return WorkerMemory(descriptor)
  }

  /// The worker, if it has left `count` bytes in the shared memory.
  private func payload(_ count: Int) throws(WorkerFailure) -> Running {
    guard let running else { throw .nonsense("no request was sent") }
    var status = stat()
    guard count >= 0, fstat(running.shared, &status) == 0, Int(status.st_size) >= count else {
      stop()
      throw .nonsense("less in the shared memory than the answer says")
    }
    return running
  }

  /// Ends the process, if there is one.
  public func stop() {
    guard let running else { return }
    notePlace()
    (self.running, held) = (nil, nil)
    inbox.empty()
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
    if case .process(let executable, _) = launch, executable == WorkerLaunch.own,
      let ready = WorkersAhead.take(limits.ofProcess)
    {
      running = ready
      return ready
    }
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
  struct Running {
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
    var processLimits = limits.ofProcess
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
    // A process that another thread starts meanwhile would keep the socket open.
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw .notStarted(errno: Int(errno))
    }
    let (control, memory) = (ends[1], fcntl(shared, F_DUPFD_CLOEXEC, 0))
    let refusal = startThread {
      serve(control, memory)
      close(control)
      close(memory)
    }
    guard refusal == 0 else {
      for descriptor in [ends[0], control, memory] { close(descriptor) }
      throw .notStarted(errno: Int(refusal))
    }
    return Running(pid: 0, control: ends[0], shared: shared)
  }
}

extension WorkerLimits {
  /// Those that the system sees to.
  fileprivate var ofProcess: worker_limits {
    worker_limits(
      memory_bytes: UInt64(max(0, memoryBytes)), stack_bytes: UInt64(max(0, stackBytes)),
      file_bytes: UInt64(max(0, volumeBytes)) + UInt64(SlicesAnswer.start))
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
