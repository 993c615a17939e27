import Engine
import Glibc
import Terminal

let usage = """
    tally-bench: durable charges a second, one JSON line a case

      --case NAME      fdatasync, price, decide, decide-holds, engine, paced, plain-sqlite, memory,
                       http, postgresql, redis or growth (all); scripts/setup --bench
                       installs what postgresql and redis need
      --accounts N     how many accounts (1000 and 10000)
      --batch N        charges a batch (1, 64, 1024 and 8192)
      --connections N  of single calls: http, postgresql, redis (64 and 256)
      --stored N       up to how many charges are stored for growth (10000000)
      --seconds N      at most so long a case (5)
      --data DIR       where the files go; emptied for each case (a new folder in /var/tmp)
      --plans          accounts with a monthly plan and a budget: decide, engine, paced
      --keep           leave the files, for one case and one size
      --help           this text
    """

do {
    let options = try Options(CommandLine.arguments.dropFirst())
    if options.wantsHelp {
        Terminal.print(usage)
    } else {
        HugePages.prefer()
        try options.run()
    }
} catch BenchError.usage(let message) {
    Terminal.report("tally-bench: \(message)\n\(usage)")
    exit(2)
} catch {
    Terminal.report("tally-bench: \(error)")
    exit(1)
}
