import CWorker
import Foundation
import Testing

/// A process started under limits, and what it wrote to its shared memory.
private struct Child {
  let pid: pid_t
  let control: Int32
  let shared: Int32

  init(_ script: String, limits: worker_limits = worker_limits()) throws {
    let shared = worker_shared_memory()
    var limits = limits
    var (pid, control): (pid_t, Int32) = (0, -1)
    var arguments: [UnsafeMutablePointer<CChar>?] = [
      strdup("sh"), strdup("-c"), strdup(script), nil,
    ]
    var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), nil]
    defer { (arguments + environment).forEach { free($0) } }
    let failure = worker_spawn(
      "/bin/sh", &arguments, &environment, shared, &limits, &pid, &control)
    try #require(failure == 0)
    (self.pid, self.control, self.shared) = (pid, control, shared)
  }

  /// How it ended, and what it left in the shared memory.
  func end(within milliseconds: Int32 = 20_000) -> (worker_end, code: Int32, text: String) {
    var code: Int32 = 0
    let end = worker_collect(pid, milliseconds, &code)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = max(0, pread(shared, &bytes, bytes.count, 0))
    return (end, code, String(decoding: bytes.prefix(count), as: UTF8.self))
  }

  func close() {
    Foundation.close(control)
    Foundation.close(shared)
  }
}

@Suite struct SpawnTests {
  @Test func theExitStatusComesBack() throws {
    let child = try Child("exit 7")
    defer { child.close() }
    let (end, code, _) = child.end()
    #expect(end == WORKER_EXITED)
    #expect(code == 7)
  }

  @Test func aSignalIsToldFromAnExit() throws {
    let child = try Child("kill -SEGV $$")
    defer { child.close() }
    let (end, code, _) = child.end()
    #expect(end == WORKER_SIGNALLED)
    #expect(code == SIGSEGV)
  }

  @Test func limitsHoldBeforeTheProgramRuns() throws {
    var limits = worker_limits()
    (limits.memory_bytes, limits.stack_bytes, limits.file_bytes) = (512 << 20, 4 << 20, 1 << 20)
    let child = try Child("ulimit -v >&4; ulimit -s >&4; ulimit -c >&4", limits: limits)
    defer { child.close() }
    #expect(child.end().text == "524288\n4096\n0\n")
  }

  @Test func aFileThatTheParentLeftOpenIsNotTheWorkers() throws {
    let file = open("/dev/null", O_RDONLY)  // no O_CLOEXEC
    defer { close(file) }
    let child = try Child("[ -e /proc/$$/fd/\(file) ] && echo there >&4 || echo gone >&4")
    defer { child.close() }
    #expect(child.end().text == "gone\n")
  }

  @Test func theSharedMemoryCannotOutgrowItsLimit() throws {
    var limits = worker_limits()
    limits.file_bytes = 4096
    let child = try Child("exec head -c 100000 /dev/zero >&4", limits: limits)
    defer { child.close() }
    let (end, code, _) = child.end()
    #expect(end == WORKER_SIGNALLED)
    #expect(code == SIGXFSZ)
  }

  @Test func theProcessorTimeIsCountedFromTheRequest() throws {
    let child = try Child("while :; do :; done")
    defer { child.close() }
    #expect(worker_allow_cpu(child.pid, 0) == 0)
    let (end, code, _) = child.end()
    #expect(end == WORKER_SIGNALLED)
    #expect(code == SIGXCPU)
  }

  @Test func killingTakesWhatTheWorkerStartedToo() throws {
    let child = try Child("sleep 600 & echo $! >&4; echo x >&3; wait")
    defer { child.close() }
    #expect(worker_poll(child.control, 20_000) == 1)
    worker_kill(child.pid)
    let (end, code, text) = child.end()
    #expect(end == WORKER_SIGNALLED)
    #expect(code == SIGKILL)
    let grandchild = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    // Its group's leader is gone; init collects it, and then there is no such process.
    var tries = 0
    while kill(grandchild, 0) == 0, isRunning(grandchild), tries < 2000 {
      usleep(5000)
      tries += 1
    }
    #expect(!isRunning(grandchild))
  }

  @Test func standardStreamsLeadNowhere() throws {
    let child = try Child("readlink /proc/self/fd/2 >&4")
    defer { child.close() }
    #expect(child.end().text == "/dev/null\n")
  }

  /// False for a process that has ended, collected or not.
  private func isRunning(_ pid: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
      return false
    }
    return !status.contains(") Z ")
  }
}
