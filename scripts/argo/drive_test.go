package controller

// Drives workflows with the code of Argo's own controller against its fake clientset. The pods of each template are led
// to an end that the case names, and what became of the workflow is told. scripts/argo/controller.js compiles it in the
// controller's package.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"

	log "github.com/sirupsen/logrus"
	apiv1 "k8s.io/api/core/v1"
	apierr "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"

	wfv1 "github.com/argoproj/argo-workflows/v3/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v3/workflow/common"
)

// The ends of a pod; it succeeds unless said.
const (
	failed      = "failed"
	neverPulled = "never pulled" // it waits for its image until a deadline ends it
	neverPlaced = "never placed" // no node takes it, so that no kubelet ends it at a deadline
	refused     = "refused"      // Kubernetes does not let it be made
	overQuota   = "over quota"   // not yet, it says
)

// One workflow, and the ends of the pods of its templates; of "*", those of templates that are not named.
type driveCase struct {
	Workflow string            `json:"workflow"`
	Ends     map[string]string `json:"ends"`
}

func (one driveCase) endOf(template string) string {
	if end, named := one.Ends[template]; named {
		return end
	}
	return one.Ends["*"]
}

type outcome struct {
	Phase   string   `json:"phase"` // of the workflow; empty where it comes to no end
	Message string   `json:"message"`
	Pods    []string `json:"pods"`   // the templates of the pods that were made, sorted
	Rooted  []string `json:"rooted"` // the templates of those that a kubelet would not start, as mayBeRoot tells
}

const mostRounds = 200

// After so many in which nothing happens, nothing more will.
const quietRounds = 20

const patience = 20 * time.Second

// A fake clientset can lose what is made between its informer's list and its watch.
const unseen = "the informer does not see "
const mostTries = 5

// The clock of a pod that waits is turned back by as much.
const longWait = 24 * time.Hour

func TestNvpulseDrive(t *testing.T) {
	text, err := os.ReadFile(os.Getenv("NVPULSE_ARGO_CASES"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []driveCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	outcomes := []outcome{}
	for _, one := range cases {
		result := drive(one)
		for try := 1; try < mostTries && strings.HasPrefix(result.Message, unseen); try++ {
			result = drive(one)
		}
		outcomes = append(outcomes, result)
	}
	text, err = json.Marshal(outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("NVPULSE_ARGO_OUTCOMES"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func drive(one driveCase) (result outcome) {
	// What the controller does not survive is an outcome, too.
	log.StandardLogger().ExitFunc = func(int) { panic("the controller ends itself") }
	defer func() {
		if panicked := recover(); panicked != nil {
			result = outcome{Phase: "panic", Message: fmt.Sprint(panicked), Pods: []string{}, Rooted: []string{}}
		}
	}()
	ctx := context.Background()
	wf := wfv1.MustUnmarshalWorkflow(one.Workflow)
	wf.Namespace = "default"
	wf.UID = "uid-of-the-workflow"
	if wf.Name == "" {
		wf.Name = wf.GenerateName + "x"
	}
	cancel, controller := newController(wf)
	defer cancel()
	// Nobody reads events: that recorder blocks once it has taken some.
	controller.eventRecorderManager = &testEventRecorderManager{eventRecorder: &record.FakeRecorder{}}
	woc := newWorkflowOperationCtx(wf, controller)
	made := map[string]string{}
	rooted := []string{}
	var wanted []string // the nodes whose pods are not made yet
	controller.kubeclientset.(*fake.Clientset).PrependReactor("create", "pods",
		func(action k8stesting.Action) (bool, runtime.Object, error) {
			pod := action.(k8stesting.CreateAction).GetObject().(*apiv1.Pod)
			owner := ownerOf(woc, pod)
			switch one.endOf(owner) {
			case refused:
				return true, nil, apierr.NewForbidden(schema.GroupResource{Resource: "pods"}, pod.Name, nil)
			case overQuota:
				wanted = append(wanted, woc.nodeID(pod))
				return true, nil, apierr.NewForbidden(schema.GroupResource{Resource: "pods"}, pod.Name, errors.New("exceeded quota"))
			}
			made[pod.Annotations[common.AnnotationKeyNodeName]] = owner
			if mayBeRoot(pod) {
				rooted = append(rooted, owner)
			}
			return false, nil, nil
		})
	quiet := 0
	for round := 0; round < mostRounds && quiet < quietRounds && !woc.wf.Status.Fulfilled(); round++ {
		wanted = nil
		before := len(made)
		woc.operate(ctx)
		for _, id := range wanted {
			waitLong(woc, id)
		}
		quiet++
		if leadPods(ctx, woc, one) || len(made) > before || len(wanted) > 0 {
			quiet = 0
		}
		woc = newWorkflowOperationCtx(woc.wf, controller)
	}
	result = outcome{Message: woc.wf.Status.Message, Pods: []string{}, Rooted: rooted}
	if woc.wf.Status.Fulfilled() {
		result.Phase = string(woc.wf.Status.Phase)
	}
	for _, template := range made {
		result.Pods = append(result.Pods, template)
	}
	sort.Strings(result.Pods)
	return result
}

// Whether a container that must not be root's has no user, so that its image decides. That of Argo's own containers, which
// stand in each pod, is root's, and the kubelet refuses to start it.
func mayBeRoot(pod *apiv1.Pod) bool {
	whole := apiv1.PodSecurityContext{}
	if pod.Spec.SecurityContext != nil {
		whole = *pod.Spec.SecurityContext
	}
	for _, container := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
		nonRoot, user := whole.RunAsNonRoot, whole.RunAsUser
		if own := container.SecurityContext; own != nil && own.RunAsNonRoot != nil {
			nonRoot = own.RunAsNonRoot
		}
		if own := container.SecurityContext; own != nil && own.RunAsUser != nil {
			user = own.RunAsUser
		}
		if nonRoot != nil && *nonRoot && user == nil {
			return true
		}
	}
	return false
}

// The template that a pod is made of; of one that stands inline, none.
func ownerOf(woc *wfOperationCtx, pod *apiv1.Pod) string {
	node, err := woc.wf.GetNodeByName(pod.Annotations[common.AnnotationKeyNodeName])
	if err != nil {
		return ""
	}
	return node.TemplateName
}

// As the kubelet and the executor would; tells whether anything became of any.
func leadPods(ctx context.Context, woc *wfOperationCtx, one driveCase) (changed bool) {
	pods, err := listPods(woc)
	if err != nil {
		panic(err)
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase == apiv1.PodSucceeded || pod.Status.Phase == apiv1.PodFailed {
			continue
		}
		end := one.endOf(ownerOf(woc, &pod))
		switch waits := pod.Status.Phase == apiv1.PodPending; {
		case (end == neverPulled || end == neverPlaced) && !waits:
			waitToRun(woc, &pod, end)
		case end == neverPlaced || waits && pod.Spec.ActiveDeadlineSeconds == nil:
			continue
		case waits || end == failed: // the kubelet ends at the deadline what Argo has looked at
			endPod(woc, &pod, apiv1.PodFailed, 1)
		default:
			endPod(woc, &pod, apiv1.PodSucceeded, 0)
		}
		updated, err := woc.controller.kubeclientset.CoreV1().Pods(pod.Namespace).Update(ctx, &pod, metav1.UpdateOptions{})
		if err != nil {
			panic(err)
		}
		waitUntilSeen(woc, updated)
		changed = true
	}
	return changed
}

// What the controller knows of pods comes through its informer, a little later; its order is that of the changes.
func waitUntilSeen(woc *wfOperationCtx, pod *apiv1.Pod) {
	store := woc.controller.PodController.TestingPodInformer().GetStore()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		seen, exists, err := store.Get(pod)
		if err == nil && exists && seen.(*apiv1.Pod).Status.Phase == pod.Status.Phase {
			return
		}
	}
	panic(unseen + pod.Name)
}

func waitToRun(woc *wfOperationCtx, pod *apiv1.Pod, end string) {
	pod.Status.Phase = apiv1.PodPending
	if end == neverPulled {
		pod.Status.ContainerStatuses = []apiv1.ContainerStatus{{
			Name:  common.MainContainerName,
			State: apiv1.ContainerState{Waiting: &apiv1.ContainerStateWaiting{Reason: "ImagePullBackOff"}},
		}}
	}
	waitLong(woc, woc.nodeID(pod))
}

func waitLong(woc *wfOperationCtx, id string) {
	node, err := woc.wf.Status.Nodes.Get(id)
	if err != nil {
		panic(err)
	}
	node.StartedAt = metav1.NewTime(node.StartedAt.Add(-longWait))
	woc.wf.Status.Nodes.Set(id, *node)
}

func endPod(woc *wfOperationCtx, pod *apiv1.Pod, phase apiv1.PodPhase, code int32) {
	pod.Status.Phase = phase
	pod.Status.ContainerStatuses = nil
	for _, container := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, apiv1.ContainerStatus{
			Name:  container.Name,
			State: apiv1.ContainerState{Terminated: &apiv1.ContainerStateTerminated{ExitCode: code}},
		})
	}
	woc.wf.Status.MarkTaskResultComplete(woc.nodeID(pod))
}
