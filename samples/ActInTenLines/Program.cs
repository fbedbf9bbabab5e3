// Loads a policy that `ofql export` wrote and balances Pendulum with it:
//   dotnet run --project samples/ActInTenLines -c Release -- policy.safetensors
using Ofql;
using Ofql.Environments;
using Ofql.Kernels.Randomness;

using var policy = OfqlPolicy.Load(args[0]);
using var task = EnvironmentCatalog.BuiltIn.Create(args.Length > 1 ? args[1] : "pendulum-v1");
float[] state = new float[policy.StateSize], action = new float[policy.ActionSize];
task.Reset(new RandomStream(1, "sample"), state);
double total = 0;
for (StepResult step = default; !step.Done; total += step.Reward)
{
    policy.Act(state, action);
    step = task.Step(action, state);
}

Console.WriteLine($"return {total:F1}");
