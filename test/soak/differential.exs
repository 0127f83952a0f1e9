# Decodes damaged terms here and in the VM, and compares: bin/differential [N [SEED]].

alias PhoenixReplay.Native.Test.Differential

{n, seed} =
  case Enum.map(System.argv(), &String.to_integer/1) do
    [] -> {1_000_000, :rand.uniform(1_000_000_000)}
    [n] -> {n, :rand.uniform(1_000_000_000)}
    [n, seed] -> {n, seed}
  end

terms = div(n, 10)
IO.puts("#{n} damaged terms, and #{terms} there and back, of seed #{seed}")
{counts, faults} = Differential.run(seed, n, terms)
for {name, count} <- Enum.sort(counts), do: IO.puts("#{name}: #{count}")
Enum.each(faults, &IO.puts/1)
if faults != [], do: System.halt(1)
